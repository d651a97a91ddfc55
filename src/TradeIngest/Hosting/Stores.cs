using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Hosting;

/// <summary>The durable ends of the service, opened together under the data folder's lock and closed together.</summary>
internal sealed class Stores : IAsyncDisposable
{
    private readonly IDisposable _lock;

    private Stores(IDisposable folderLock, ITradeLog log, IWarehouse warehouse)
    {
        _lock = folderLock;
        Log = log;
        Warehouse = warehouse;
    }

    public SymbolTable Symbols { get; } = new();

    public ITradeLog Log { get; }

    public IWarehouse Warehouse { get; }

    /// <exception cref="StorageException">The folder is in use or a store cannot be used.</exception>
    /// <exception cref="WarehouseException">A store was written by a newer version.</exception>
    /// <exception cref="LogException">The log does not fit its configuration.</exception>
    public static async Task<Stores> OpenAsync(DataFolder folder, ServiceOptions options, TimeProvider clock)
    {
        var folderLock = folder.Lock();
        EmbeddedTradeLog? log = null;
        try
        {
            log = EmbeddedTradeLog.Open(folder.Log, new EmbeddedTradeLogOptions { Partitions = options.Log.Partitions }, clock);
            return new Stores(folderLock, log, SqliteWarehouse.Open(folder.Warehouse, WarehouseOptionsOf(options), clock));
        }
        catch
        {
            if (log is not null) await log.DisposeAsync();
            folderLock.Dispose();
            throw;
        }
    }

    public static SqliteWarehouseOptions WarehouseOptionsOf(ServiceOptions options) => new()
    {
        PeggedAssets = options.Warehouse.PeggedAssets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        Ownership = options.Warehouse.Ownership,
        RekeyLimit = options.Warehouse.RekeyLimit,
    };

    public async ValueTask DisposeAsync()
    {
        await Warehouse.DisposeAsync();
        await Log.DisposeAsync();
        _lock.Dispose();
    }
}
