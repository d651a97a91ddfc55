using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Ingest;

[TestClass]
public sealed class LogWriterTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLogger _logged = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly TradeChannel _channel;
    private readonly EmbeddedTradeLog _log;
    private readonly LogWriter _writer;

    public LogWriterTests()
    {
        _channel = new TradeChannel(
            new TradeChannelOptions { DeadLetters = new DeadLetterOptions { Letters = 2 } }, new ContinuityTracker(_metrics), static _ =>
                { }, _metrics, _clock,
            NullLogger<TradeChannel>.Instance);
        _log = EmbeddedTradeLog.Open(_folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions(), _clock);
        _writer = new LogWriter(
            _channel, _log, _metrics, _clock, new Logger<LogWriter>(LoggerFactory.Create(builder => builder.AddProvider(_logged))));
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _logged.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task RunAsync_LettersAndTheirSummary_CountsRecordsAndWhatTheyStandFor()
    {
        var batch = Pipelines.Batches.Of(new SymbolTable().Intern("BTCUSDT"), 1, 2, 3);
        _channel.OnNext(batch);
        for (var i = 0; i < 10; i++) _channel.OnNext(Letter());
        _channel.OnCompleted();

        await _writer.RunAsync(Stop);

        var log = _metrics.Log;
        Assert.AreEqual((3L, 2L, 8L, 6L), (log.Trades.Value, log.DeadLetters.Value, log.Summarized.Value, log.Records.Value));
        Assert.AreEqual(3, (await _log.OffsetsAsync(Topics.DeadLetters, 0, Stop)).Next);
        Assert.IsEmpty(_logged.Lines);
    }

    [TestMethod]
    public async Task RunAsync_Verdicts_AreRecordsWhereTheTradesWouldBe()
    {
        var btc = new SymbolTable().Intern("BTCUSDT");
        _channel.OnNext(Pipelines.Batches.Of(btc, 1, 9));
        _channel.OnNext(new ExchangeHole(new Timestamp(5), btc, new IdRange(2, 4)));
        _channel.OnNext(new OutOfReach(new Timestamp(6), btc, new IdRange(5, 8), "too old"));
        _channel.OnNext(Pipelines.Batches.Of(btc, 10));
        _channel.OnCompleted();

        await _writer.RunAsync(Stop);

        var log = _metrics.Log;
        Assert.AreEqual((3L, 2L, 5L), (log.Trades.Value, log.Verdicts.Value, log.Records.Value));
        await using var reader = _log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 0 });
        var records = reader.TryRead(100)!.Records.ToArray();
        Assert.AreEqual(
            """{"version":1,"verdict":"EXCHANGE_HOLE","exchange":"BINANCE","symbol":"BTCUSDT","from_id":2,"to_id":4"""
            + ""","reason":"the exchange has later trades, and two of its answers lack these","decided_time":5}""",
            System.Text.Encoding.UTF8.GetString(records[2].Value.Span));
        Assert.AreEqual(ErrorReason.None, GapVerdictJson.TryRead(records[3].Value, out var verdict));
        Assert.AreEqual(new RecordedVerdict("BTCUSDT", new IdRange(5, 8), CoverageState.OutOfReach), verdict);
    }

    [TestMethod]
    public async Task RunAsync_AbandonedWithLettersWaiting_SaysHowManyAreLost()
    {
        for (var i = 0; i < 10; i++) _channel.OnNext(Letter());

        await Assert.ThrowsAsync<OperationCanceledException>(() => _writer.RunAsync(new CancellationToken(canceled: true)));

        CollectionAssert.AreEqual(new[] { "10 dead letters did not reach the log and are lost." }, _logged.Lines);
    }

    private static DeadLetter Letter() => new(ErrorReason.MalformedJson, "frame", IngestSource.Stream, default, "{"u8.ToArray());
}
