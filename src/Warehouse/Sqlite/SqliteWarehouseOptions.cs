using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>How an embedded warehouse prices facts and applies changes of symbols.</summary>
public sealed class SqliteWarehouseOptions
{
    /// <summary>Quote assets that count as US dollars. Default: the dollar and the stablecoins pegged to it.</summary>
    public IReadOnlyList<string> PeggedAssets { get; init; } = UsdAmount.DefaultPeggedAssets;

    /// <summary>Which source may state which attribute. Default <see cref="AttributeOwnership.Default"/>.</summary>
    public AttributeOwnership Ownership { get; init; } = AttributeOwnership.Default;

    /// <summary>
    /// Most facts that one call may bind to another version: a mistaken date should not rewrite the table. Default 1,000,000.
    /// </summary>
    public long RekeyLimit { get; init; } = 1_000_000;

    /// <summary>
    /// Told, while changes of symbols are applied or the dimension is rebuilt, how many changes or rows are written; before the commit
    /// none of them counts. Default none.
    /// </summary>
    public IProgress<long>? Progress { get; init; }
}
