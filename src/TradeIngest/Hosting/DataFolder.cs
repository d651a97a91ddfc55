using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Hosting;

/// <summary>The folder that holds everything of one deployment, and where its parts lie. One process writes it at a time.</summary>
internal sealed class DataFolder(string path)
{
    public string Path { get; } = string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal)
        ? throw new ConfigurationException("The data folder has no name; set --data.")
        : System.IO.Path.GetFullPath(path);

    /// <summary>The path as it is printed.</summary>
    public string Shown => Secrets.Mask(Path);

    public string Log => In(EmbeddedTradeLog.FileName);

    public string Warehouse => In(SqliteWarehouse.FileName);

    public string ReferenceFile => In(Reference.ReferenceFile.FileName);

    /// <summary>The description of the simulated market whose trades the folder holds; absent for real ones.</summary>
    public string Simulation => In("simulation.json");

    /// <summary>Changes of what is captured, on top of the configuration; absent until there is one.</summary>
    public string Symbols => In("symbols.json");

    /// <summary>What the running service captures; absent while none runs.</summary>
    public string Captured => In("captured.json");

    /// <summary>Until when the exchange is to be left alone; absent unless it once banned this address.</summary>
    public string ExchangeBan => In("exchange-ban.txt");

    /// <summary>Requests for trades that a running service is to fetch; absent unless there were some.</summary>
    public string Backfill => In("backfill");

    /// <summary>
    /// Takes the folder for writing, creating it where it is missing. The operating system frees it when the process dies.
    /// </summary>
    /// <exception cref="StorageException">Another process has it, or it cannot be written.</exception>
    public IDisposable Lock()
    {
        try
        {
            Directory.CreateDirectory(Path);
            var file = new FileStream(In("writer.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(In("writer.pid"), $"{Environment.ProcessId}");
            return file;
        }
        catch (IOException failure) when (IsShared(failure))
        {
            throw new StorageException(
                StorageFault.Busy,
                $"'{Path}' is being written by process {Writer()}. Stop it first, or choose another folder with --data.",
                failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                IsFull(failure) ? StorageFault.Full : StorageFault.ReadOnly,
                $"'{Path}' cannot be written ({failure.Message}). Make it writable, free some space, or choose another folder with --data.",
                failure);
        }
    }

    private string In(string file) => System.IO.Path.Combine(Path, file);

    private string Writer()
    {
        try
        {
            return File.ReadAllText(In("writer.pid")).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The message is about the lock; an unreadable process number is no reason to lose it.
            return "unknown";
        }
    }

    // EWOULDBLOCK on Linux (11), EAGAIN on macOS (35), ERROR_SHARING_VIOLATION on Windows (32).
    private static bool IsShared(IOException failure) => (failure.HResult & 0xFFFF) is 11 or 35 or 32;

    // ENOSPC (28) or ERROR_DISK_FULL (112).
    public static bool IsFull(Exception failure) => (failure.HResult & 0xFFFF) is 28 or 112;
}
