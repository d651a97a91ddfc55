using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>What the warehouse keeps in memory of one symbol: exactly what its tables say, changed only after a commit.</summary>
internal sealed class SymbolState(int symbolId, NaturalKey key)
{
    public int SymbolId { get; } = symbolId;

    public NaturalKey Key { get; } = key;

    public IdRangeSet Coverage { get; set; } = new();

    public VersionIndex? Versions { get; private set; }

    // By version: whether its quote asset counts as dollars.
    private bool[] _isPegged = [];

    public void Use(IReadOnlyList<SymbolVersion> versions, UsdAmount usd)
    {
        Versions = new VersionIndex(SymbolId, versions);
        _isPegged = [.. versions.Select(version => usd.IsPegged(version[SymbolAttribute.QuoteAsset]))];
    }

    public bool IsPegged(int version) => _isPegged[version];
}
