using System.Globalization;

namespace Crypto.Warehouse.Sqlite;

/// <summary>How far a migration is. The work is one transaction: an end at any time leaves the file as it was.</summary>
/// <param name="Path">The file.</param>
/// <param name="Script">The script that runs.</param>
/// <param name="Elapsed">Since the migration began.</param>
/// <param name="BytesWritten">Waiting in the write-ahead log for the commit.</param>
public readonly record struct MigrationProgress(string Path, string Script, TimeSpan Elapsed, long BytesWritten)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"Migrating '{Path}': {Script}, {Elapsed.TotalSeconds:N0} s, {BytesWritten / 1e6:N0} MB written.");
}
