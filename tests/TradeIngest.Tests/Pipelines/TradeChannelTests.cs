using System.Text;
using System.Threading.Channels;
using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class TradeChannelTests
{
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly List<GapFound> _shed = [];
    private readonly ManualTimeProvider _clock = new();
    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");

    public TradeChannelTests() => _tracker = new ContinuityTracker(_metrics);

    [TestMethod]
    public async Task OnNext_ThenCompleted_IsReadInOrderToTheEnd()
    {
        var channel = Open(new TradeChannelOptions());
        channel.OnNext(Batches.Of(_btc, 1, 2));
        channel.OnNext(new Connected(default, new Uri("wss://x"), 1));
        channel.OnNext(Batches.Of(_btc, 3));
        channel.OnCompleted();

        CollectionAssert.AreEqual(new[] { "[1 2]", "Connected", "[3]" }, await ReadAsync(channel));
        Assert.AreEqual(2, channel.HighWaterMark);
        Assert.AreEqual(3, _metrics.Channel.Trades.Value);
        Assert.AreEqual(0, channel.Depth);
    }

    [TestMethod]
    public async Task OnNext_FullUnderShed_TurnsTheBatchIntoAGap()
    {
        var channel = Open(new TradeChannelOptions { Batches = 2 });
        for (var id = 1; id <= 4; id++)
        {
            var batch = Batches.Of(_btc, id);
            _tracker.Accept(batch, []);
            channel.OnNext(batch);
        }

        channel.OnCompleted();

        CollectionAssert.AreEqual(new[] { "[1]", "[2]", "gap 3-3", "gap 4-4" }, await ReadAsync(channel));
        Assert.AreEqual(new IdRange(3, 4), _tracker.OpenGaps().Single().Missing.Single());
        Assert.HasCount(2, _shed);
        Assert.AreEqual(2, _metrics.Channel.ShedTrades.Value);
    }

    [TestMethod]
    public void OnNext_TradeBoundReached_ShedsThoughBatchesAreFew()
    {
        var channel = Open(new TradeChannelOptions { Trades = 5 });
        channel.OnNext(Batches.Range(_btc, 1, 6));
        channel.OnNext(Batches.Of(_btc, 7));
        Assert.AreEqual(1, _metrics.Channel.ShedBatches.Value);

        Assert.IsTrue(channel.TryRead(out _));
        channel.OnNext(Batches.Of(_btc, 8));
        Assert.AreEqual(1, _metrics.Channel.ShedBatches.Value);
    }

    [TestMethod]
    public async Task WaitForRoomAsync_FillingUp_WaitsUntilLiveTradesHaveTheRoomAgain()
    {
        var channel = Open(new TradeChannelOptions { Batches = 10 });
        for (var id = 1; id <= 4; id++) channel.OnNext(Batches.Of(_btc, id));
        Assert.IsTrue(channel.WaitForRoomAsync(default).IsCompletedSuccessfully);
        Assert.AreEqual(Overload.Ok, channel.Overload);

        for (var id = 5; id <= 9; id++) channel.OnNext(Batches.Of(_btc, id));
        Assert.AreEqual(Overload.High, channel.Overload);
        var room = channel.WaitForRoomAsync(default);
        for (var left = 8; left > 2; left--) channel.TryRead(out _);
        Assert.AreEqual(Overload.Low, channel.Overload);
        Assert.IsFalse(room.IsCompleted);
        channel.TryRead(out _);

        Assert.AreEqual(Overload.Ok, channel.Overload);
        await room;
    }

    [TestMethod]
    public void OnNext_DeadLettersBeyondTheReserve_ComeAsASummaryBeforeTheEnd()
    {
        var channel = Open(new TradeChannelOptions { Batches = 1, EventReserve = 3 });
        channel.OnNext(Batches.Of(_btc, 1));
        for (var i = 0; i < 5; i++) channel.OnNext(Letter($"{i}"));
        channel.OnCompleted();

        CollectionAssert.AreEqual(new long[] { 1, 1, 1, 2 }, Letters(channel).Select(letter => letter.Count).ToArray());
        Assert.AreEqual(0, _metrics.Channel.LostEvents.Value);
        Assert.AreEqual(5, _metrics.Channel.DeadLetters.Value);
    }

    [TestMethod]
    public void OnNext_OtherEventsBeyondTheReserve_AreDroppedAndCounted()
    {
        var channel = Open(new TradeChannelOptions { EventReserve = 3 });
        for (var i = 0; i < 5; i++) channel.OnNext(new Connected(default, new Uri("wss://x"), i));

        Assert.AreEqual(2, _metrics.Channel.LostEvents.Value);
    }

    [TestMethod]
    public void OnNext_FewLargeDeadLetters_AreBoundedInBytes()
    {
        var channel = Open(new TradeChannelOptions { EventBytes = 100_000 });
        for (var i = 0; i < 10; i++) channel.OnNext(Letter(new string('x', 60_000)));

        var waiting = Letters(channel);

        Assert.HasCount(2, waiting);
        channel.OnCompleted();
        var summary = Letters(channel).Single();
        Assert.AreEqual((8L, 480_000L), (summary.Count, summary.Length));
        Assert.IsLessThanOrEqualTo(DeadLetter.DefaultPayloadBytes, summary.Payload.Length);
    }

    [TestMethod]
    public async Task OnNext_TooManyDeadLetters_WakesTheReaderWithASummaryWhenTheWindowHasPassed()
    {
        var channel = Open(new TradeChannelOptions { DeadLetters = new DeadLetterOptions { Letters = 2 } });
        for (var i = 0; i < 5; i++) channel.OnNext(Letter($"{i}"));
        Assert.HasCount(2, Letters(channel));
        var waiting = channel.WaitToReadAsync(CancellationToken.None).AsTask();
        Assert.IsFalse(waiting.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.IsTrue(await waiting.WaitAsync(Patience.Limit));
        Assert.AreEqual(3, Letters(channel).Single().Count);

        // The next window has room again.
        channel.OnNext(Letter("5"));
        Assert.AreEqual(1, Letters(channel).Single().Count);
    }

    [TestMethod]
    public async Task OnNext_ReaderStuckForSeveralWindows_AddsToOneSummary()
    {
        var channel = Open(new TradeChannelOptions { EventReserve = 1 });
        for (var window = 0; window < 5; window++)
        {
            for (var i = 0; i < 10; i++) channel.OnNext(Letter("x"));
            await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(10));
        }

        Assert.AreEqual(1, Letters(channel).Single().Count);
        await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(10));
        Assert.IsTrue(await channel.WaitToReadAsync(CancellationToken.None).AsTask().WaitAsync(Patience.Limit));
        Assert.AreEqual(49, Letters(channel).Single().Count);
    }

    [TestMethod]
    public void OnNext_LinesOfFiles_AreNeverSummarizedForBeingMany()
    {
        var channel = Open(new TradeChannelOptions { DeadLetters = new DeadLetterOptions { Letters = 2 } });
        for (var i = 0; i < 100; i++) channel.OnNext(Letter("x") with { Source = IngestSource.Replay });

        Assert.HasCount(100, Letters(channel));
    }

    [TestMethod]
    public void OnNext_BatchesWithMuchRoomAndFewTrades_AreBoundedInBytes()
    {
        var channel = Open(new TradeChannelOptions { Bytes = 100_000 });
        for (var id = 1; id <= 3; id++)
        {
            var batch = TradeBatch.Rent(1024);
            batch.Add(Batches.Trade(_btc, id));
            channel.OnNext(batch);
        }

        Assert.AreEqual((2, 1L), (channel.Depth, _metrics.Channel.ShedBatches.Value));
        while (channel.TryRead(out _))
        {
            // Taken off, they count no more.
        }

        channel.OnNext(TradeBatch.Rent(1024));
        Assert.AreEqual(1, channel.Depth);
    }

    [TestMethod]
    public async Task WaitForRoomAsync_LinesOfFilesFillHalfOfTheEventBytes_WaitsForTheReader()
    {
        var channel = Open(new TradeChannelOptions { EventBytes = 100_000, Policy = FullPolicy.Wait });
        channel.OnNext(Letter(new string('x', 60_000)) with { Source = IngestSource.Replay });
        var waiting = channel.WaitForRoomAsync(CancellationToken.None);
        Assert.IsFalse(waiting.IsCompleted);

        Assert.HasCount(1, Letters(channel));

        await waiting.WaitAsync(Patience.Limit);
    }

    [TestMethod]
    public void OnNext_ManyEvents_DoNotTakeTheBatchesRoom()
    {
        var channel = Open(new TradeChannelOptions { Batches = 1, EventReserve = 3 });
        for (var i = 0; i < 10; i++) channel.OnNext(new Connected(default, new Uri("wss://x"), i));
        channel.OnNext(Batches.Of(_btc, 1));

        Assert.AreEqual(0, _metrics.Channel.ShedBatches.Value);
    }

    [TestMethod]
    public async Task WriteAsync_Full_WaitsForTheReader()
    {
        var channel = Open(new TradeChannelOptions { Batches = 1, Policy = FullPolicy.Wait });
        await channel.WriteAsync(Batches.Of(_btc, 1), CancellationToken.None);
        var second = channel.WriteAsync(Batches.Of(_btc, 2), CancellationToken.None);
        Assert.IsFalse(second.IsCompleted);

        Assert.IsTrue(channel.TryRead(out _));
        await second.WaitAsync(Patience.Limit);
        Assert.AreEqual(0, _metrics.Channel.ShedBatches.Value);
    }

    [TestMethod]
    public async Task WriteAsync_ManyWritersOneReader_LosesNothing()
    {
        var channel = Open(new TradeChannelOptions { Batches = 3, Trades = 7, Policy = FullPolicy.Wait });
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 250; i++) await channel.WriteAsync(Batches.Of(_btc, (writer * 1000) + i), CancellationToken.None);
        })).ToArray();
        var reading = ReadAsync(channel);
        await Task.WhenAll(writers).WaitAsync(Patience.Limit);
        channel.OnCompleted();

        Assert.HasCount(1000, (await reading).Distinct(StringComparer.Ordinal).ToArray());
        Assert.IsLessThanOrEqualTo(3, channel.HighWaterMark);
    }

    [TestMethod]
    public async Task OnNext_FullUnderWait_TakesWhatWasReceivedAndHasTheProducerWait()
    {
        var channel = Open(new TradeChannelOptions { Batches = 1, EventReserve = 1, Policy = FullPolicy.Wait });
        for (var id = 1; id <= 5; id++) channel.OnNext(Batches.Of(_btc, id));
        var waiting = channel.WaitForRoomAsync(CancellationToken.None);
        Assert.IsFalse(waiting.IsCompleted);

        for (var id = 1; id <= 5; id++) Assert.IsTrue(channel.TryRead(out _));
        await waiting.WaitAsync(Patience.Limit);
        Assert.AreEqual(0, _metrics.Channel.ShedBatches.Value);
    }

    [TestMethod]
    public async Task WriteAsync_AfterCompletion_Throws()
    {
        var channel = Open(new TradeChannelOptions { Policy = FullPolicy.Wait });
        channel.OnCompleted();
        await Assert.ThrowsExactlyAsync<ChannelClosedException>(() => channel.WriteAsync(Batches.Of(_btc, 1), CancellationToken.None));
    }

    private static List<DeadLetter> Letters(TradeChannel channel)
    {
        var letters = new List<DeadLetter>();
        while (channel.TryRead(out var value))
        {
            if (value is DeadLetter letter) letters.Add(letter);
        }

        return letters;
    }

    private static async Task<List<string>> ReadAsync(TradeChannel channel)
    {
        var read = new List<string>();
        await foreach (var value in channel.ReadAllAsync(CancellationToken.None))
        {
            read.Add(Batches.Text(value));
            (value as TradeBatch)?.Dispose();
        }

        return read;
    }

    private static DeadLetter Letter(string payload) =>
        new(ErrorReason.MalformedJson, "x", IngestSource.Stream, default, Encoding.UTF8.GetBytes(payload));

    private TradeChannel Open(TradeChannelOptions options) =>
        new(options, _tracker, _shed.Add, _metrics, _clock, NullLogger<TradeChannel>.Instance);
}
