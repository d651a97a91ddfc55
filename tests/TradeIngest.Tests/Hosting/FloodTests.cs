using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Commands;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Binance;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>Floods over a real socket, from the frame to the warehouse in a file.</summary>
[TestClass]
public sealed class FloodTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Flood_FramesOfSeveralFaultsAmongTrades_EachIsAccountedForOnce()
    {
        var folder = new DataFolder(_folder["data"]);
        await using var exchange = new ScriptedExchange();
        var metrics = new TradeIngestMetrics();
        await using (var stores = await Stores.OpenAsync(
            folder, new ServiceOptions(), TimeProvider.System, NullLoggerFactory.Instance, Stop))
        {
            using var pipeline = new IngestPipeline(
                stores.Log, new TradeChannelOptions { DeadLetters = new DeadLetterOptions { Letters = 1000 } },
                new ContinuityTracker(metrics),
                ledger: null, metrics,
                TimeProvider.System, NullLoggerFactory.Instance);
            var writing = pipeline.RunAsync(CancellationToken.None);
            await using var stream = Open(exchange.Address, new SymbolTable(), metrics.Stream);
            pipeline.Connect(stream);
            var connection = await exchange.AcceptAsync();
            await UntilAsync(() => metrics.Stream.Connects.Value == 1);
            var before = metrics.Stream.Frames.Value;

            await connection.FloodAsync("""{"e":"trade",""", 20_000);
            await connection.SendAsync([.. Enumerable.Range(1, 100).Select(id => ScriptedExchange.Trade("BTCUSDT", id))]);
            await connection.FloodAsync("{}", 10_000);
            await connection.FloodAsync("""{"e":"24hrTicker","s":"BTCUSDT"}""", 3000);
            await connection.FloodAsync(new string('x', 2_000_000), 5);
            await connection.SendAsync([.. Enumerable.Range(101, 100).Select(id => ScriptedExchange.Trade("BTCUSDT", id))]);
            await UntilAsync(() => metrics.Stream.Frames.Value == before + 33_205);

            await stream.StopAsync();
            pipeline.Complete();
            await writing.WaitAsync(Patience.Limit, Stop);
            await WarehouseSink.CatchUpAsync(stores.Log, stores.Warehouse, TimeProvider.System, Stop);
        }

        var (received, written, summarized) = (metrics.Stream, metrics.Log.DeadLetters.Value, metrics.Log.Summarized.Value);
        Assert.AreEqual(
            received.Frames.Value,
            received.Trades.Value + received.OtherEvents.Value + received.ControlMessages.Value + written + summarized);
        Assert.AreEqual((200L, 30_005L, 0L), (received.Trades.Value, written + summarized, metrics.Channel.LostEvents.Value));
        Assert.AreEqual(1000, written);
        using var warehouse = SqliteDatabase.OpenForReading(folder.Warehouse);
        var totals = WarehouseTotals.Read(warehouse);
        Assert.AreEqual((200L, written, summarized), (totals.Facts, totals.DeadLetters, totals.Summarized));
        Assert.AreEqual("malformed_json 20000, missing_field 10000, too_large 5", Rejected(warehouse));
    }

    /// <summary>As an analyst would count them.</summary>
    private static string Rejected(SqliteDatabase warehouse)
    {
        using var query = warehouse.Prepare(
            """
            SELECT error_reason || ' '
                || sum(CASE WHEN error_detail LIKE 'summary of %' THEN CAST(substr(error_detail, 12) AS INTEGER) ELSE 1 END)
            FROM REJECTED_TRADES GROUP BY error_reason ORDER BY error_reason
            """);
        var counts = new List<string>();
        while (query.Step()) counts.Add(query.GetText(0));
        query.Reset();
        return string.Join(", ", counts);
    }

    private static BinanceTradeStream Open(Uri address, SymbolTable symbols, StreamMetrics metrics)
    {
        var options = new BinanceTradeStreamOptions { Endpoint = address, ReplyTimeout = TimeSpan.FromSeconds(20) };
        return new BinanceTradeStream(
            [symbols.Intern("BTCUSDT")], options, () => WebSocketTransport.Create(WebSocketTransport.Default, options), new Random(1),
            TimeProvider.System, metrics, NullLogger<BinanceTradeStream>.Instance);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
    }
}
