using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>The whole service on its host, from a simulated exchange over real sockets.</summary>
[TestClass]
public sealed class TradeIngestHostTests : IAsyncDisposable
{
    private const int Trades = 2000;

    private readonly SimulatedExchange _exchange = new(new SimulatedExchangeOptions
    {
        Seed = 7,
        Symbols = ["BTCUSDT", "ETHUSDT"],
        TotalTrades = Trades,
    });

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _exchange.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task Run_LogAndWarehouseOfAnotherMake_PlugInAndHoldEveryTradeOnce()
    {
        await _exchange.StartAsync(Stop);
        await using var log = new MemoryLog();
        await using var warehouse = new MemoryWarehouse();
        var market = new SimulatedMarket(_exchange.Description!);

        await using (var service = Build(log, warehouse, "BTCUSDT,ETHUSDT"))
        {
            await service.StartAsync(Stop);
            await service.WaitUntilStartedAsync(Stop);
            await UntilAsync(service, () => _exchange.Finished.IsCompleted && Missing(service) == 0);
            Assert.IsTrue(await service.StopAsync());
        }

        Assert.AreEqual(0, warehouse.Disposals, "Stores are their owner's.");
        var stored = warehouse.Trades;
        foreach (var symbol in stored.GroupBy(trade => trade.Symbol.Ticker))
        {
            var ids = symbol.Select(trade => trade.TradeId).ToList();
            Assert.AreEqual(ids[^1] - ids[0] + 1, ids.Count, "Ids without a hole.");
            Assert.AreEqual(market.Symbol(symbol.Key).FirstId + _exchange.Produced(symbol.Key) - 1, ids[^1]);
        }

        Assert.AreEqual(2, stored.Select(trade => trade.Symbol.Ticker).Distinct(StringComparer.Ordinal).Count());
    }

    [TestMethod]
    public async Task Start_SymbolTheExchangeDoesNotList_EndsTheHostWithTheFirstFailure()
    {
        await _exchange.StartAsync(Stop);
        await using var log = new MemoryLog();
        await using var warehouse = new MemoryWarehouse();
        await using var service = Build(log, warehouse, "BTCUSD");
        await service.StartAsync(Stop);

        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => service.WaitUntilStartedAsync(Stop));

        StringAssert.Contains(failure.Message, "did you mean BTCUSDT?");
        Assert.IsTrue(service.Stopping.IsCancellationRequested);
        Assert.IsTrue(await service.StopAsync());
    }

    [TestMethod]
    public async Task Run_WarehouseFails_EndsTheHostWithItsException()
    {
        await _exchange.StartAsync(Stop);
        await using var log = new MemoryLog();
        await using var warehouse = new MemoryWarehouse { Failure = new StorageException(StorageFault.Failed, "broken") };
        await using var service = Build(log, warehouse, "BTCUSDT");

        await service.StartAsync(Stop);
        var failure = await Assert.ThrowsExactlyAsync<StorageException>(() => UntilAsync(service, () => false));

        Assert.AreEqual(StorageFault.Failed, failure.Fault);
    }

    private TradeIngestHost Build(ITradeLog log, IWarehouse warehouse, string symbols)
    {
        var options = new ServiceOptions
        {
            Data = _folder.FullName,
            Exchange = new ExchangeOptions
            {
                WebSocket = _exchange.WsBase.ToString(),
                Rest = _exchange.RestBase.ToString(),
                Symbols = symbols,
            },
        };
        return TradeIngestHost.Build(options, TimeProvider.System, NullLoggerFactory.Instance, services => services
            .AddTradeLog(log, options.Kafka)
            .AddExchange(options, new DataFolder(options.Data))
            .AddWarehouse(warehouse, options.Log, isReset: false, checkpointInterval: TimeSpan.Zero)
            .AddReference(options, new DataFolder(options.Data))
            .AddIngest(options, new DataFolder(options.Data)));
    }

    // Of each symbol, what the exchange made since the first trade captured.
    private long Missing(TradeIngestHost service)
    {
        var tracker = service.Ingest!.Pipeline.Tracker;
        var market = new SimulatedMarket(_exchange.Description!);
        return service.Ingest.Symbols.Sum(symbol =>
        {
            var captured = tracker.Coverage(symbol);
            var last = market.Symbol(symbol.Ticker).FirstId + _exchange.Produced(symbol.Ticker) - 1;
            return captured.IsEmpty ? 1 : last - captured.Min + 1 - captured.Count;
        });
    }

    private static async Task UntilAsync(TradeIngestHost service, Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition())
        {
            service.ThrowIfFailed();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
        }
    }
}
