using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Sink;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Replay;

[TestClass]
public sealed class DeadLettersTests : IAsyncDisposable
{
    private static readonly byte[] Frame =
        ("""{"e":"trade","E":1790446152679,"s":"BTCUSDT","t":6715234671"""u8
            + ""","p":"84106.09000000","q":"0.00007000","T":1790446152678,"m":true,"M":true}"""u8).ToArray();

    private readonly TemporaryFolder _folder = new();
    private readonly EmbeddedTradeLog _log;

    public DeadLettersTests() =>
        _log = EmbeddedTradeLog.Open(
            _folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions { Partitions = 2 }, TimeProvider.System);

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task ReadAsync_LettersAndOtherRecords_GivesEachWithItsPosition()
    {
        await _log.AppendAsync(Topics.DeadLetters, Stop, SinkRecords.Letter("raw"u8.ToArray()), "no letter"u8.ToArray());

        var read = await new DeadLetters(_log).ReadAsync(null, Stop).ToListAsync(Stop);

        CollectionAssert.AreEqual(
            new[] { "raw", "no letter" }, read.Select(letter => Encoding.UTF8.GetString(letter.Letter.Payload)).ToArray());
        CollectionAssert.AreEqual(new long[] { 0, 1 }, read.Select(letter => letter.Offset).ToArray());
    }

    [TestMethod]
    public async Task ReadAsync_OtherReason_GivesNone()
    {
        await _log.AppendAsync(Topics.DeadLetters, Stop, SinkRecords.Letter("raw"u8.ToArray()));

        Assert.IsEmpty(await new DeadLetters(_log).ReadAsync(ErrorReason.TooLarge, Stop).ToListAsync(Stop));
        Assert.HasCount(1, await new DeadLetters(_log).ReadAsync(ErrorReason.MalformedJson, Stop).ToListAsync(Stop));
    }

    [TestMethod]
    public async Task ReplayAsync_BytesThatWereNotAllKept_AreNotTried()
    {
        var letter = new DeadLetter(ErrorReason.MalformedJson, "frame", IngestSource.Stream, new Timestamp(1_770_076_800_000_000), Frame);
        await _log.AppendAsync(
            Topics.DeadLetters, Stop, DeadLetterJson.Write(
                letter with { Length = Frame.Length + 1 }), DeadLetterJson.Write(letter with { Count = 7, Length = 700 }));

        Assert.AreEqual(new DeadLetterReplay(8, 0, 8), await new DeadLetters(_log).ReplayAsync(null, Stop));
    }

    [TestMethod]
    public async Task ReplayAsync_BytesThatAreATradeNow_AreAppendedAndTheOthersCounted()
    {
        await _log.AppendAsync(Topics.DeadLetters, Stop, SinkRecords.Letter(Frame), SinkRecords.Letter("{"u8.ToArray()));

        var result = await new DeadLetters(_log).ReplayAsync(null, Stop);

        Assert.AreEqual(new DeadLetterReplay(2, 1, 1), result);
        var partition = Partitioner.Of("BTCUSDT"u8, 2);
        await using var reader = _log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [partition] = 0 });
        Assert.AreEqual(
            ErrorReason.None, TradeJson.TryRead(reader.TryRead(10)!.Records.Span[0].Value.Span, new SymbolTable(), out var trade));
        Assert.AreEqual(("BTCUSDT", 6715234671, IngestSource.Replay), (trade.Symbol.Ticker, trade.TradeId, trade.Source));
    }
}
