using Crypto.Warehouse.Sqlite;

namespace Crypto.Benchmarks.Samples;

/// <summary>
/// A write-ahead log is copied into its file some time after the commit, and beside the writer. Whoever measures the whole cost waits
/// for the end of it.
/// </summary>
internal static class WriteAheadLog
{
    public static void CopyAll(string path)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.Execute("PRAGMA wal_checkpoint(FULL)");
    }
}
