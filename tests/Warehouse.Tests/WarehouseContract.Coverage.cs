using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests;

public abstract partial class WarehouseContract
{
    [TestMethod]
    public async Task LoadAsync_HoleInTheIds_IsFoundNarrowedSplitAndClosed()
    {
        var builder = new BatchBuilder();
        var found = Timestamp.Now(Clock);
        await LoadAsync(builder.Of(Trades(Btc, 1, 10)));
        Assert.AreEqual("2-9 OPEN", await GapsAsync());

        Clock.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync(builder.Of(Trades(Btc, 2, 9)));
        Assert.AreEqual("3-8 OPEN", await GapsAsync());

        Clock.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync(builder.Of(Trades(Btc, 5, 7)));
        Assert.AreEqual("3-4 OPEN, 6-6 OPEN, 8-8 OPEN", await GapsAsync());
        Assert.IsTrue((await ReadAsync()).Gaps.All(gap => gap.Found == found), "A piece keeps the time its gap was found.");

        Clock.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync(builder.Of(Trades(Btc, 6, 4, 3)));
        Assert.AreEqual("3-4 FILLED, 6-6 FILLED, 8-8 OPEN", await GapsAsync());

        Clock.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync(builder.Of(Trades(Btc, 8)));
        Assert.AreEqual("3-4 FILLED, 6-6 FILLED, 8-8 FILLED", await GapsAsync());
        var gaps = (await ReadAsync()).Gaps;
        Assert.IsTrue(gaps.All(gap => gap.Found == found));
        Assert.AreEqual(found + TimeSpan.FromSeconds(3), gaps[0].Closed);
        Assert.AreEqual(found + TimeSpan.FromSeconds(4), gaps[2].Closed);
    }

    [TestMethod]
    public async Task LoadAsync_GapTheExchangeDoesNotHave_EndsAsItsHoleAndIsNotMissing()
    {
        var builder = new BatchBuilder();
        await LoadAsync(builder.Of(Trades(Btc, 1, 10)));
        Clock.Advance(TimeSpan.FromSeconds(1));
        var decided = Timestamp.Now(Clock);

        var outcome = await LoadAsync(
            builder.Add(Trades(Btc, 2, 3)).AddVerdict(Btc, Ids(4, 9), CoverageState.ExchangeHole).Build());

        Assert.AreEqual(new LoadOutcome(2, 0, 0, Verdicts: 1), outcome);
        Assert.AreEqual("4-9 EXCHANGE_HOLE", await GapsAsync());
        Assert.AreEqual(decided, (await ReadAsync()).Gaps.Single().Closed);
        await ReopenAsync();
        var coverage = (await Warehouse.CoverageAsync(Stop)).Single();
        Assert.AreEqual("[1, 3], [4, 9] EXCHANGE_HOLE, [10, 10]", $"{coverage.Captured}");
        CollectionAssert.AreEqual(new[] { Ids(1, 10) }, coverage.Covered.ToArray());
        Assert.IsEmpty(coverage.OpenGaps);

        // A copy that comes nevertheless is a trade.
        await LoadAsync(builder.Of(Trades(Btc, 5)));
        Assert.AreEqual("[1, 3], [4, 4] EXCHANGE_HOLE, [5, 5], [6, 9] EXCHANGE_HOLE, [10, 10]",
            $"{(await Warehouse.CoverageAsync(Stop)).Single().Captured}");
        Assert.AreEqual("4-9 EXCHANGE_HOLE", await GapsAsync());
    }

    [TestMethod]
    public async Task LoadAsync_GapOutOfReach_StaysOneUntilItsTradesCome()
    {
        var builder = new BatchBuilder();
        var found = Timestamp.Now(Clock);
        await LoadAsync(builder.Of(Trades(Btc, 1, 10)));
        await LoadAsync(builder.AddVerdict(Btc, Ids(2, 5), CoverageState.OutOfReach).Build());

        Assert.AreEqual("2-5 OUT_OF_REACH, 6-9 OPEN", await GapsAsync());
        Assert.IsTrue((await ReadAsync()).Gaps.All(gap => gap.Found == found));
        await ReopenAsync();
        var coverage = (await Warehouse.CoverageAsync(Stop)).Single();
        CollectionAssert.AreEqual(
            new[] { new OpenGap(Ids(2, 5), found, GapState.OutOfReach), new OpenGap(Ids(6, 9), found) }, coverage.OpenGaps.ToArray());
        CollectionAssert.AreEqual(new[] { Ids(1, 1), Ids(10, 10) }, coverage.Covered.ToArray());

        await LoadAsync(builder.Of(Trades(Btc, 2, 3, 4, 6, 7, 8, 9)));
        Assert.AreEqual("5-5 OUT_OF_REACH, 6-9 FILLED", await GapsAsync());
        await LoadAsync(builder.AddVerdict(Btc, Ids(1, 10), CoverageState.ExchangeHole).Build());
        Assert.AreEqual("5-5 EXCHANGE_HOLE, 6-9 FILLED", await GapsAsync());
    }

    [TestMethod]
    public async Task LoadAsync_VerdictOfASymbolWithoutTrades_RegistersIt()
    {
        await LoadAsync(new BatchBuilder().AddVerdict(Eth, Ids(5, 6), CoverageState.ExchangeHole).Build());

        var coverage = (await Warehouse.CoverageAsync(Stop)).Single();
        Assert.AreEqual("ETHBTC [5, 6] EXCHANGE_HOLE", $"{coverage.Key.Ticker} {coverage.Captured}");
        Assert.AreEqual("5-6 EXCHANGE_HOLE", await GapsAsync());
    }

    [TestMethod]
    public async Task LoadAsync_IdsBelowTheFirst_OpenAGapBelow()
    {
        var builder = new BatchBuilder();
        await LoadAsync(builder.Of(Trades(Btc, 100)));
        await LoadAsync(builder.Of(Trades(Btc, 90)));
        await LoadAsync(builder.Of(Trades(Btc, 110)));

        Assert.AreEqual("91-99 OPEN, 101-109 OPEN", await GapsAsync());
    }

    [TestMethod]
    public async Task LoadAsync_HoleFilledWithinTheSameBatch_LeavesNoTrace()
    {
        await LoadAsync(new BatchBuilder().Of(Trades(Btc, 1, 3, 2)));

        Assert.AreEqual("", await GapsAsync());
    }

    [TestMethod]
    public async Task CoverageAsync_WithGaps_TellsRangesAndOpenGapsInOrderOfTicker()
    {
        var builder = new BatchBuilder();
        var found = Timestamp.Now(Clock);
        await LoadAsync(builder.Of([.. Trades(Eth, 5), .. Trades(Btc, 1, 2, 4, 8)]));
        await LoadAsync(builder.Of(Trades(Btc, 3)));

        var coverage = await Warehouse.CoverageAsync(Stop);

        Assert.AreEqual("BTCUSDT, ETHBTC", string.Join(", ", coverage.Select(symbol => symbol.Key.Ticker)));
        CollectionAssert.AreEqual(new[] { Ids(1, 4), Ids(8, 8) }, coverage[0].Covered.ToArray());
        CollectionAssert.AreEqual(new[] { new OpenGap(Ids(5, 7), found) }, coverage[0].OpenGaps.ToArray());
        Assert.AreEqual(5, coverage[0].Count(CoverageState.Stored));
        Assert.IsEmpty(coverage[1].OpenGaps);
    }

    [TestMethod]
    public async Task LoadAsync_AnyOrderOfArrival_GivesTheSameFactsCoverageAndGaps()
    {
        // Ids 0 to 29 without some, each once or twice, cut into batches anywhere.
        var arrivals =
            from missing in Gen.SubListOf(Enumerable.Range(0, 30))
            from twice in Gen.SubListOf(Enumerable.Range(0, 30))
            from order in Gen.Shuffle(Enumerable.Range(0, 30).Except(missing).Concat(twice.Except(missing)).ToArray())
            from cuts in Gen.ArrayOf(Gen.Choose(1, 8), 60)
            select (Ids: order, Cuts: cuts);

        foreach (var (ids, cuts) in Gen.Sample(arrivals, OrdersToTry))
        {
            await StartAfreshAsync();
            var builder = new BatchBuilder();
            var done = 0;
            foreach (var size in cuts)
            {
                if (done >= ids.Length) break;
                await LoadAsync(builder.Of([.. ids.Skip(done).Take(size).Select(id => TestTrades.Of(Btc, id))]));
                done += size;
            }

            var contents = await ReadAsync();
            var expected = ids.Distinct().Order().Select(id => (long)id).ToArray();
            CollectionAssert.AreEqual(expected, contents.Facts.Select(fact => fact.TradeId).ToArray(), string.Join(' ', ids));
            Assert.IsTrue(contents.Facts.All(fact => fact.Price == TestTrades.Of(Btc, fact.TradeId).Price));
            var set = IdRangeSet.Of([.. expected.Select(id => new IdRange(id, id))]);
            CollectionAssert.AreEqual(set.Ranges.ToArray(), contents.Coverage.Select(row => row.Ids).ToArray(), string.Join(' ', ids));
            CollectionAssert.AreEqual(set.Holes().ToArray(), contents.OpenGaps.Select(gap => gap.Ids).ToArray(), string.Join(' ', ids));
            Assert.AreEqual(ids.Length, contents.Positions.Sum(position => position.Stored + position.Duplicates));
        }
    }

    /// <summary>How many random orders one test tries: as many as take a second or two.</summary>
    private protected virtual int OrdersToTry => 40;

    private async Task<string> GapsAsync() =>
        string.Join(", ", (await ReadAsync()).Gaps.Select(gap => $"{gap.Ids.From}-{gap.Ids.To} {gap.State}"));
}
