using System.Diagnostics.Metrics;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>What a listener hears of a whole service, from a simulated exchange over real sockets into files.</summary>
[TestClass]
public sealed class TelemetryTests : IAsyncDisposable
{
    private const int Trades = 5000;

    private readonly TemporaryFolder _folder = new();
    private readonly SimulatedExchange _exchange = new(new SimulatedExchangeOptions
    {
        Seed = 7,
        Symbols = ["BTCUSDT", "ETHUSDT"],
        TotalTrades = Trades,
    });

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _exchange.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task Run_TradesAmongNonsense_InstrumentsAddUpAndAgreeWithTheReport()
    {
        await _exchange.StartAsync(Stop);
        var options = new ServiceOptions
        {
            Data = _folder.FullName,
            Exchange = new ExchangeOptions
            {
                WebSocket = _exchange.WsBase.ToString(),
                Rest = _exchange.RestBase.ToString(),
                Symbols = "BTCUSDT,ETHUSDT",
            },
        };
        var folder = new DataFolder(options.Data);
        await using var stores = await Stores.OpenAsync(folder, options, TimeProvider.System, NullLoggerFactory.Instance, Stop);
        await using var service = TradeIngestHost.Build(options, TimeProvider.System, NullLoggerFactory.Instance, services => services
            .AddSingleton<IExchange>(provider => Noisy(options.Exchange, provider))
            .AddTradeLog(stores.Log, options.Kafka)
            .AddExchange(options, folder)
            .AddWarehouse(stores.Warehouse, options.Log, isReset: false, stores.CheckpointInterval)
            .AddReference(options, folder)
            .AddIngest(options, folder));
        using var heard = new MeterReadings(service.Services.GetRequiredService<IMeterFactory>());
        await service.StartAsync(Stop);
        await service.WaitUntilStartedAsync(Stop);
        await UntilAsync(service, () => heard["trade_ingest.stream.connections"] == 1);
        await UntilAsync(service, () => _exchange.Finished.IsCompleted && heard["trade_ingest.sink.stored"] > 0
            && heard["trade_ingest.sink.stored"] == heard["trade_ingest.log.trades"]);
        Assert.AreEqual(1, heard["trade_ingest.consumer.partitions", "topic", "stock_trades"]);
        Assert.IsTrue(await service.StopAsync());
        var report = new RunReporter(service, TimeProvider.System).Read();
        var balance = service.Balance();
        Assert.IsTrue(balance.Balances, $"{balance}");
        Assert.AreEqual((report.Appended, report.Stored), (balance.Logged, balance.Stored));

        Assert.AreEqual(
            heard["trade_ingest.stream.frames"],
            heard["trade_ingest.stream.trades"] + heard["trade_ingest.stream.other_events"] + heard["trade_ingest.stream.control_messages"]
            + heard["trade_ingest.stream.dead_letters"]);
        Assert.AreEqual(
            heard["trade_ingest.stream.dead_letters"],
            heard["trade_ingest.log.dead_letters"] + heard["trade_ingest.log.summarized_dead_letters"]);
        Assert.IsGreaterThan(0, heard["trade_ingest.stream.dead_letters", "reason", "malformed_json"]);
        Assert.AreEqual(
            heard["trade_ingest.quality.valid"], heard["trade_ingest.channel.trades"] + heard["trade_ingest.channel.shed_trades"]);
        Assert.AreEqual(
            (report.Frames, report.Received, report.OtherFrames),
            (heard["trade_ingest.stream.frames"], heard["trade_ingest.stream.trades"],
                heard["trade_ingest.stream.other_events"] + heard["trade_ingest.stream.control_messages"]));
        Assert.AreEqual(
            (report.Appended, report.DeadLetters, report.Summarized, report.Gaps, report.Backfilled, report.Shed, report.Reconnects),
            (heard["trade_ingest.log.trades"], heard["trade_ingest.log.dead_letters"], heard["trade_ingest.log.summarized_dead_letters"],
                heard["trade_ingest.continuity.gaps"], heard["trade_ingest.backfill.fetched"], heard["trade_ingest.channel.shed_trades"],
                heard["trade_ingest.stream.disconnects"]));
        Assert.AreEqual(
            (report.Stored, report.Duplicates, report.Rejected),
            (heard["trade_ingest.sink.stored"], heard["trade_ingest.sink.duplicates"] + heard["trade_ingest.continuity.duplicates"],
                heard["trade_ingest.sink.rejected"]));
        Assert.AreEqual(service.Metrics.Sink.Latency.Count, heard.CountOf("trade_ingest.sink.latency"), "Of each live trade.");
        Assert.AreEqual(
            (0, 0, 0, 0),
            (heard["trade_ingest.stream.connections"], heard["trade_ingest.channel.depth"], heard["trade_ingest.channel.size"],
                heard["trade_ingest.channel.held_dead_letters"]));
        Assert.AreEqual(
            service.Metrics.Stages.WarehouseLoad.Busy.TotalSeconds, heard.SecondsOf("trade_ingest.stage.time", "stage", "warehouse_load"),
            1e-6);
    }

    [TestMethod]
    public void AddTelemetry_MeterOfTheHostsFactory_HasEveryInstrument()
    {
        using var provider = new ServiceCollection().AddTelemetry().BuildServiceProvider();
        using var heard = new MeterReadings(provider.GetRequiredService<IMeterFactory>());

        provider.GetRequiredService<TradeIngestMetrics>();

        Assert.AreEqual(InstrumentTable.OfAll(), InstrumentTable.Of(heard.Instruments));
    }

    /// <summary>The simulated exchange, which says something that is no JSON before every hundredth message.</summary>
    private static BinanceExchange Noisy(ExchangeOptions options, IServiceProvider provider) => new BinanceExchange(
        new BinanceExchangeOptions(
            new Uri(options.Rest + (options.Rest.EndsWith('/') ? "" : "/")), options.Stream, options.Clock,
            () => new NoisyConnection(WebSocketTransport.Create(options.Transport, options.Stream)), BanFile: null),
        TimeProvider.System, new Random(1),
        provider.GetRequiredService<TradeIngestMetrics>().Stream, provider.GetRequiredService<ILoggerFactory>());

    private static async Task UntilAsync(TradeIngestHost service, Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition())
        {
            service.ThrowIfFailed();
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, patience.Token);
        }
    }

    private sealed class NoisyConnection(IWebSocketConnection connection) : IWebSocketConnection
    {
        private int _messages;

        public Task ConnectAsync(Uri endpoint, CancellationToken cancellationToken) => connection.ConnectAsync(endpoint, cancellationToken);

        public ValueTask<ReceivedMessage> ReceiveAsync(CancellationToken cancellationToken) => ++_messages % 100 == 0
            ? ValueTask.FromResult(ReceivedMessage.Data("""{"e":"trade","""u8.ToArray()))
            : connection.ReceiveAsync(cancellationToken);

        public ValueTask SendAsync(ReadOnlyMemory<byte> utf8, CancellationToken cancellationToken) =>
            connection.SendAsync(utf8, cancellationToken);

        public Task CloseAsync(CancellationToken cancellationToken) => connection.CloseAsync(cancellationToken);

        public void Dispose() => connection.Dispose();
    }
}
