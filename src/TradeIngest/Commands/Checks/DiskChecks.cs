using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Commands.Checks;

/// <summary>Whether the data folder can be written and has room, and whether its warehouse can be opened. Leaves nothing behind.</summary>
internal static class DiskChecks
{
    public static IEnumerable<Check> Run(ServiceOptions options, DataFolder folder)
    {
        var existing = Existing(folder.Path);
        yield return Writable(folder, existing);
        if (options.Log.Kind == LogKind.Embedded) yield return FreeSpace(options, existing);
        if (options.Warehouse.Target == WarehouseTarget.Embedded) yield return Warehouse(folder);
    }

    private static Check Writable(DataFolder folder, string existing)
    {
        try
        {
            using var probe = new FileStream(
                Path.Combine(existing, $".trade-ingest-check-{Environment.ProcessId}"),
                new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.DeleteOnClose });
            return Check.Pass(
                CheckTier.Environment, "data folder", existing == folder.Path
                    ? $"'{folder.Path}' can be written"
                    : $"'{folder.Path}' can be created in '{existing}'");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Check.Fail(
                CheckTier.Environment, "data folder", $"'{existing}' cannot be written: {failure.Message}",
                "Make it writable, free some space, or choose another folder with --data.");
        }
    }

    private static Check FreeSpace(ServiceOptions options, string existing)
    {
        const string Name = "free space";
        var needed = (Int128)options.Log.MaxBytes * (options.Log.Partitions ?? 1);
        var free = new DriveInfo(existing).AvailableFreeSpace;
        return free >= needed
            ? Check.Pass(CheckTier.Environment, Name, $"{Output.Count(free >> 20)} MiB")
            : Check.Fail(
                CheckTier.Environment, Name, $"{Output.Count(free >> 20)} MiB, and the log alone may keep "
                    + $"{Output.Count((long)(needed >> 20))} MiB",
                "Free some space, lower CRYPTO__Log__MaxBytes, or choose another folder with --data.");
    }

    private static Check Warehouse(DataFolder folder)
    {
        const string Name = "warehouse file";
        try
        {
            using var database = SqliteDatabase.FindForReading(folder.Warehouse);
            if (database is null) return Check.Pass(CheckTier.Environment, Name, "there is none yet; it is created at the first start");
            using var version = database.Prepare("SELECT sqlite_version()");
            version.Step();
            return Check.Pass(CheckTier.Environment, Name, $"'{folder.Warehouse}' can be read by SQLite {version.GetText(0)}");
        }
        catch (StorageException failure)
        {
            return Check.Fail(
                CheckTier.Environment, Name, failure.Message, "Make it readable, restore it, or choose another folder with --data.");
        }
    }

    // The folder is created at the first start, within the nearest one there is.
    private static string Existing(string path)
    {
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent) path = parent;
        return path;
    }
}
