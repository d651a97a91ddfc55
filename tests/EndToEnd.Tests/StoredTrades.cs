using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Sqlite;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// What the warehouse of a data folder holds, read beside the process that writes it. A test that waits looks often: each look as a
/// process of its own would take the processor from those under test.
/// </summary>
internal static class StoredTrades
{
    /// <returns>Empty while there is no warehouse.</returns>
    public static IReadOnlyList<SymbolCoverage> Coverage(string data) => Read(data, SqliteReads.Coverage) ?? [];

    /// <param name="sql">A query of one number.</param>
    /// <returns>Zero while there is no warehouse.</returns>
    public static long Count(string data, string sql) => Read(data, database =>
    {
        using var query = database.Prepare(sql);
        return query.Scalar();
    }) ?? 0;

    private static T? Read<T>(string data, Func<SqliteDatabase, T?> read)
    {
        var file = Path.Combine(data, SqliteWarehouse.FileName);
        if (!File.Exists(file)) return default;
        try
        {
            using var database = SqliteDatabase.OpenForReading(file);
            return read(database);
        }
        catch (Exception failure) when (failure is StorageException or WarehouseException)
        {
            // Just being made.
            return default;
        }
    }
}
