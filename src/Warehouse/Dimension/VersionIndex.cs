using System.Runtime.Intrinsics;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The versions of one symbol laid out for binding a trade: immutable, so that readers go on with the index they hold while a
/// new one is swapped in.
/// </summary>
public sealed class VersionIndex
{
    private const int Countable = 32;

    // Invariant: ascending, starting with the epoch; _keys[i] holds in [_validFrom[i], _validFrom[i + 1]).
    private readonly long[] _validFrom;
    private readonly long[] _keys;

    /// <param name="symbolId">The durable id of the symbol.</param>
    /// <param name="versions">All versions of the symbol in valid-time order, as <see cref="SymbolHistory"/> gives them.</param>
    public VersionIndex(int symbolId, IReadOnlyList<SymbolVersion> versions)
    {
        ArgumentNullException.ThrowIfNull(versions);
        SymbolId = symbolId;
        Versions = versions;
        _validFrom = [.. versions.Select(version => version.ValidFrom.Microseconds)];
        _keys = [.. versions.Select(version => version.SymbolKey)];
    }

    public int SymbolId { get; }

    public IReadOnlyList<SymbolVersion> Versions { get; }

    public SymbolVersion Current => Versions[^1];

    /// <summary>Position in <see cref="Versions"/> of the one valid at the time; the first one for times before the epoch.</summary>
    public int IndexAt(Timestamp time)
    {
        // Nearly every trade belongs to the current version.
        if (time.Microseconds >= _validFrom[^1]) return _validFrom.Length - 1;

        // A search that halves guesses each turn wrong half of the time, and a wrong guess costs more than counting a whole vector.
        ReadOnlySpan<long> versions = _validFrom;
        var skipped = 0;
        while (versions.Length > Countable)
        {
            var half = versions.Length / 2;
            var isLater = versions[half] <= time.Microseconds;
            skipped += isLater ? half : 0;
            versions = isLater ? versions[half..] : versions[..half];
        }

        return Math.Max(0, skipped + CountUpTo(versions, time.Microseconds) - 1);
    }

    /// <summary>How many of the values are at most <paramref name="limit"/>.</summary>
    private static int CountUpTo(ReadOnlySpan<long> values, long limit)
    {
        var counts = Vector256<long>.Zero;
        var limits = Vector256.Create(limit);
        for (; values.Length >= Vector256<long>.Count; values = values[Vector256<long>.Count..])
        {
            // A true comparison is -1 in every lane where it holds.
            counts -= Vector256.LessThanOrEqual(Vector256.Create(values), limits);
        }

        var count = (int)Vector256.Sum(counts);
        foreach (var value in values) count += value <= limit ? 1 : 0;
        return count;
    }

    /// <summary>The surrogate key of the version at a position.</summary>
    public long KeyOf(int index) => _keys[index];
}
