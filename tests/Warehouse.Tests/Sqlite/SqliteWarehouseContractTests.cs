using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

[TestClass]
public sealed class SqliteWarehouseContractTests : WarehouseContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _files;

    private string Path => _folder[$"{_files}.db"];

    public void Dispose() => _folder.Dispose();

    private protected override Task<IWarehouse> OpenFreshAsync()
    {
        _files++;
        return OpenAgainAsync();
    }

    private protected override Task<IWarehouse> OpenAgainAsync() =>
        Task.FromResult<IWarehouse>(SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), Clock));

    private protected override Task<WarehouseContents> ReadAsync() => Task.FromResult(SqliteContents.Read(Path));

    private protected override Task<IReadOnlyList<string?>> BronzeSymbolsAsync()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        return Task.FromResult<IReadOnlyList<string?>>(
            SqliteContents.Rows(database, "SELECT symbol FROM BRONZE_TRADES ORDER BY topic, partition, offset", row => row.GetTextOrNull(0)));
    }
}
