using System.Reactive.Linq;
using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class TrackContinuityTests : IDisposable
{
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly Subject<StreamEvent> _source = new();
    private readonly IObservable<DeadLetter> _letters;
    private readonly List<string> _tape = [];
    private readonly Symbol _btc;
    private readonly Symbol _eth;

    public TrackContinuityTests()
    {
        _tracker = new ContinuityTracker(_metrics);
        var table = new SymbolTable();
        _btc = table.Intern("BTCUSDT");
        _eth = table.Intern("ETHUSDT");
        var tracked = _source.TrackContinuity(_tracker).Publish().RefCount();
        _letters = tracked.OfType<DeadLetter>();
        tracked.Subscribe(value => _tape.Add(Batches.Text(value)), error => _tape.Add(error.Message), () => _tape.Add("end"));
    }

    [TestMethod]
    public void OnNext_ContiguousIds_PassAsTheyCame()
    {
        _source.OnNext(Batches.Of(_btc, 5, 6, 7));
        _source.OnNext(Batches.Of(_btc, 8));

        AssertTape("[5 6 7]", "[8]");
        Assert.AreEqual("[5, 8]", _tracker.Coverage(_btc).ToString());
    }

    [TestMethod]
    public void OnNext_Duplicates_AreDroppedInPlaceAndCounted()
    {
        _source.OnNext(Batches.Of(_btc, 5, 6, 6, 7, 5, 8));
        _source.OnNext(Batches.Of(_btc, 7, 8));

        AssertTape("[5 6 7 8]");
        Assert.AreEqual(4, _metrics.Continuity.Duplicates.Value);
    }

    [TestMethod]
    public void OnNext_Jump_PublishesTheGapRightBeforeItsBatch()
    {
        _source.OnNext(Batches.Of(_btc, 1, 2));
        _source.OnNext(Batches.Of(_btc, 6, 9));

        AssertTape("[1 2]", "gap 3-5", "gap 7-8", "[6 9]");
        Assert.AreEqual(2, _metrics.Continuity.Gaps.Value);
    }

    [TestMethod]
    public void OnNext_LateIds_FillTheGapWithoutANewOne()
    {
        _source.OnNext(Batches.Of(_btc, 1, 6));
        _source.OnNext(Batches.Of(_btc, 4));
        _source.OnNext(Batches.Of(_btc, 3, 2, 5, 4));

        AssertTape("gap 2-5", "[1 6]", "[4]", "[3 2 5]");
        Assert.IsEmpty(_tracker.OpenGaps());
    }

    [TestMethod]
    public void OnNext_IdFarAheadAndTheStreamGoesOn_IsADeadLetterAndLaterLossesShow()
    {
        DeadLetter? letter = null;
        using var letters = _letters.Subscribe(value => letter = value);
        _source.OnNext(Batches.Of(_btc, 1, 2, 1_000_000_002));
        _source.OnNext(Batches.Of(_btc, 3));
        _source.OnNext(Batches.Of(_btc, 6));

        AssertTape("[1 2]", "DeadLetter", "[3]", "gap 4-5", "[6]");
        Assert.AreEqual(ErrorReason.TradeIdImplausible, letter!.Reason);
        Assert.AreEqual(ErrorReason.None, TradeJson.TryRead(letter.Payload, new SymbolTable(), out var trade));
        Assert.AreEqual(1_000_000_002, trade.TradeId);
        Assert.AreEqual((1L, 0L), (_metrics.Continuity.Implausible.Value, _metrics.Continuity.Duplicates.Value));
    }

    [TestMethod]
    public void OnNext_IdFarAheadBorneOutByTheNext_PassesBeforeIt()
    {
        _source.OnNext(Batches.Of(_btc, 1));
        _source.OnNext(Batches.Of(_btc, 5_000_000));
        _source.OnNext(Batches.Of(_eth, 7));
        _source.OnNext(Batches.Of(_btc, 5_000_000, 5_000_002));

        AssertTape("[1]", "[7]", "gap 2-4999999", "gap 5000001-5000001", "[5000000]", "[5000002]");
        Assert.AreEqual(0, _metrics.Continuity.Implausible.Value);
    }

    [TestMethod]
    public void OnNext_LateCopyAfterAnIdFarAhead_RefutesNothing()
    {
        _source.OnNext(Batches.Of(_btc, 1, 2));
        _source.OnNext(Batches.Of(_btc, 5_000_000));
        _source.OnNext(Batches.Of(_btc, 2));
        _source.OnNext(Batches.Of(_btc, 5_000_001));

        AssertTape("[1 2]", "gap 3-4999999", "[5000000]", "[5000001]");
    }

    [TestMethod]
    public void OnNext_TwoIdsFarFromEachOther_AreBothDeadLettersOnceTheStreamGoesOn()
    {
        _source.OnNext(Batches.Of(_btc, 500_000));
        _source.OnNext(Batches.Of(_btc, 5_000_000, 7, 500_001));

        AssertTape("[500000]", "DeadLetter", "DeadLetter", "[500001]");
    }

    [TestMethod]
    public void OnNext_FetchedOrReplayed_PassesHoweverFar()
    {
        var copies = new[] { (1L, IngestSource.Stream), (5_000_000, IngestSource.Backfill), (50_000_000, IngestSource.Replay) };
        foreach (var (id, source) in copies)
        {
            var batch = TradeBatch.Rent(1);
            batch.Add(Batches.Trade(_btc, id, source: source));
            _source.OnNext(batch);
        }

        AssertTape("[1]", "gap 2-4999999", "[5000000]", "gap 5000001-49999999", "[50000000]");
    }

    [TestMethod]
    public void OnCompleted_WithATradeHeldBack_MakesItADeadLetter()
    {
        _source.OnNext(Batches.Of(_btc, 1, 5_000_000));
        _source.OnCompleted();

        AssertTape("[1]", "DeadLetter", "end");
        Assert.AreEqual("[1, 1]", $"{_tracker.Coverage(_btc)}");
    }

    [TestMethod]
    public void Settle_IdsOfAGap_AreNotMissingAndStillPass()
    {
        _source.OnNext(Batches.Of(_btc, 1, 9));
        _tracker.Settle(_btc, new IdRange(2, 5));
        Assert.AreEqual(new IdRange(6, 8), _tracker.OpenGaps().Single().Missing.Single());

        _source.OnNext(Batches.Of(_btc, 3));
        AssertTape("gap 2-8", "[1 9]", "[3]");
    }

    [TestMethod]
    public void OnNext_OldIdsFetched_DoNotMakeCopiesOfTheLatestLookLikeOthers()
    {
        _source.OnNext(Batches.Of(_btc, 100_000, 100_001));
        var old = TradeBatch.Rent(1);
        old.Add(Batches.Trade(_btc, 100_001 - 1024, price: "9", source: IngestSource.Backfill));
        _source.OnNext(old);
        _source.OnNext(Batches.Of(_btc, 100_001));

        AssertTape("[100000 100001]", "[98977]");
    }

    [TestMethod]
    public void OnNext_SymbolsMixed_AreTrackedApart()
    {
        var batch = TradeBatch.Rent(4);
        batch.Add(Batches.Trade(_btc, 10));
        batch.Add(Batches.Trade(_eth, 500));
        batch.Add(Batches.Trade(_btc, 11));
        batch.Add(Batches.Trade(_eth, 501));
        _source.OnNext(batch);

        AssertTape("[10 500 11 501]");
    }

    [TestMethod]
    public void OnNext_AfterSeed_ContinuesFromStoredCoverage()
    {
        _tracker.Seed(_btc, IdRangeSet.Of(new IdRange(1, 5), new IdRange(8, 10)));
        _source.OnNext(Batches.Of(_btc, 10, 13));

        AssertTape("gap 11-12", "[13]");
        CollectionAssert.AreEqual(new[] { new IdRange(6, 7), new IdRange(11, 12) }, _tracker.OpenGaps().Single().Missing.ToArray());
    }

    [TestMethod]
    public void OnNext_IdOutOfRange_PassesWithoutTouchingCoverage()
    {
        _source.OnNext(Batches.Of(_btc, 1, TradeQuality.MaxTradeId + 1, -3, 2));

        AssertTape($"[1 {TradeQuality.MaxTradeId + 1} -3 2]");
        Assert.AreEqual("[1, 2]", _tracker.Coverage(_btc).ToString());
    }

    [TestMethod]
    public void OnNext_SecondCopyWithAnotherContent_PassesForTheWarehouseToJudge()
    {
        _source.OnNext(Batches.Range(_btc, 1, 100));
        var copies = TradeBatch.Rent(3);
        copies.Add(Batches.Trade(_btc, 50));
        copies.Add(Batches.Trade(_btc, 51, price: "9"));
        copies.Add(Batches.Trade(_btc, 100));
        _source.OnNext(copies);

        Assert.AreEqual("[51]", _tape[^1]);
        Assert.AreEqual(2, _metrics.Continuity.Duplicates.Value);
    }

    [TestMethod]
    public void OnNext_CopyOfAnIdLongAgo_IsADuplicateWhateverItSays()
    {
        for (var from = 1; from < 10_000; from += 100) _source.OnNext(Batches.Range(_btc, from, from + 99));
        var before = _tape.Count;
        var copy = TradeBatch.Rent(1);
        copy.Add(Batches.Trade(_btc, 51, price: "9"));
        _source.OnNext(copy);

        Assert.HasCount(before, _tape);
    }

    [TestMethod]
    public void Release_AtTheTop_MakesTheIdsMissingOnceAndTakesThemAgain()
    {
        _source.OnNext(Batches.Of(_btc, 1, 2));
        var gaps = _tracker.Release(Batches.Of(_btc, 3, 4).Trades);
        Assert.AreEqual("gap 3-4", Batches.Text(gaps.Single()));

        _source.OnNext(Batches.Of(_btc, 3, 4, 5));
        using var shed = Batches.Of(_btc, 4, 5);
        _tracker.Release(shed.Trades);
        _source.OnNext(Batches.Of(_btc, 6));

        // Found by Release already, so the next trade does not find it again.
        AssertTape("[1 2]", "[3 4 5]", "[6]");
        Assert.AreEqual(new IdRange(4, 5), _tracker.OpenGaps().Single().Missing.Single());
        _source.OnNext(Batches.Of(_btc, 4, 5));
        Assert.IsEmpty(_tracker.OpenGaps());
    }

    [TestMethod]
    public void OnCompleted_AndError_PassOnce()
    {
        _source.OnNext(new Connected(default, new Uri("wss://x"), 1));
        _source.OnCompleted();

        AssertTape("Connected", "end");
    }

    [TestMethod]
    public void OnNext_AnyOrderAndRepetition_PassesEveryIdExactlyOnceAndFindsWhatIsMissing()
    {
        var ids = Gen.Choose(0, 40).Select(i => (long)i).NonEmptyListOf();
        Prop.ForAll(ids.NonEmptyListOf().ToArbitrary(), batches =>
        {
            var tracker = new ContinuityTracker(new TradeIngestMetrics());
            var source = new Subject<StreamEvent>();
            var passed = new List<long>();
            source.TrackContinuity(tracker).Subscribe(value => passed.AddRange(value is TradeBatch batch ? batch.Ids() : []));
            foreach (var batch in batches) source.OnNext(Batches.Of(_btc, [.. batch]));

            var distinct = batches.SelectMany(batch => batch).Distinct().Order().ToList();
            var missing = Enumerable.Range((int)distinct[0], (int)(distinct[^1] - distinct[0] + 1)).Select(i => (long)i).Except(distinct);
            var open = tracker.OpenGaps()
                .SelectMany(gap => gap.Missing)
                .SelectMany(range => Enumerable.Range((int)range.From, (int)range.Count));
            return passed.Order().SequenceEqual(distinct) && open.Select(i => (long)i).SequenceEqual(missing);
        }).QuickCheckThrowOnFailure();
    }

    public void Dispose() => _source.Dispose();

    private void AssertTape(params string[] expected) => CollectionAssert.AreEqual(expected, _tape, string.Join(", ", _tape));
}
