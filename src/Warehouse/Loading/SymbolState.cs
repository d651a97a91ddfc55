using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Loading;

/// <summary>What is known of one symbol when a load is decided.</summary>
public sealed class SymbolState(int symbolId, NaturalKey key)
{
    // By version: whether its quote asset counts as dollars.
    private bool[] _isPegged = [];

    public int SymbolId { get; } = symbolId;

    public NaturalKey Key { get; } = key;

    /// <summary>Replaced, never changed, by loads.</summary>
    public CapturedIds Captured { get; set; } = new();

    /// <summary>Null until the versions of the symbol are known.</summary>
    public VersionIndex? Versions { get; private set; }

    public void Use(IReadOnlyList<SymbolVersion> versions, UsdAmount usd)
    {
        ArgumentNullException.ThrowIfNull(versions);
        ArgumentNullException.ThrowIfNull(usd);
        Versions = new VersionIndex(SymbolId, versions);
        _isPegged = [.. versions.Select(version => usd.IsPegged(version[SymbolAttribute.QuoteAsset]))];
    }

    /// <param name="version">A position in <see cref="Versions"/>.</param>
    public bool IsPegged(int version) => _isPegged[version];
}
