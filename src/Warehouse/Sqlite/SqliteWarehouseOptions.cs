using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

public sealed class SqliteWarehouseOptions
{
    /// <summary>Quote assets that count as US dollars. Default: the dollar and the stablecoins pegged to it.</summary>
    public IReadOnlyList<string> PeggedAssets { get; init; } = UsdAmount.DefaultPeggedAssets;
}
