using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Dimension;

/// <summary>
/// The versions of one symbol laid out for binding a trade: immutable, so that readers go on with the index they hold while a
/// new one is swapped in.
/// </summary>
public sealed class VersionIndex
{
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
        var index = Array.BinarySearch(_validFrom, time.Microseconds);
        return Math.Max(0, index >= 0 ? index : ~index - 1);
    }

    /// <summary>The surrogate key of the version at a position.</summary>
    public long KeyOf(int index) => _keys[index];
}
