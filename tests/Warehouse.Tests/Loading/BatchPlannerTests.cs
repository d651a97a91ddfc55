using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Loading;

[TestClass]
public sealed class BatchPlannerTests
{
    private const int Ids = 16;

    private static readonly UsdAmount Usd = new(UsdAmount.DefaultPeggedAssets);

    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");

    /// <summary>How a copy of a trade comes.</summary>
    private enum Copy
    {
        Streamed,
        Fetched,
        StreamedWithoutPrice,
        FetchedWithoutPrice,
        FetchedByASlowClock,
        Other,
        OtherCorrecting,
        Correcting,

        // No copies: what became of it.
        HoleFound,
        GivenUp,
    }

    [TestMethod]
    public void Plan_AnyCopiesInAnyOrderAndBatching_LeadToWhatTheRulesSay()
    {
        var arrivals =
            from count in Gen.Choose(1, 60)
            from copies in Gen.ListOf(Gen.Zip(Gen.Choose(1, Ids), Gen.Elements(Enum.GetValues<Copy>())), count)
            from cuts in Gen.ArrayOf(Gen.Choose(1, 12), count)
            select (Copies: copies.Select(pair => (Id: pair.Item1, Copy: pair.Item2)).ToArray(), Cuts: cuts);

        Prop.ForAll(arrivals.ToArbitrary(), arrival =>
        {
            var table = new PlannedTables(_btc);
            var model = new Model();
            var done = 0;
            foreach (var size in arrival.Cuts)
            {
                var part = arrival.Copies.Skip(done).Take(size).ToArray();
                done += part.Length;
                if (part.Length == 0) break;
                var outcome = table.Load(BatchOf(table.Records, part));
                Assert.AreEqual(
                    part.Length, outcome.Stored + outcome.Duplicates + outcome.Rejected + outcome.Verdicts,
                    "records = stored + duplicates + rejected + verdicts");
                foreach (var (id, copy) in part) model.Take(id, Of(id, copy), copy);
                model.AssertEqual(table);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [TestMethod]
    public void Plan_AnotherContent_IsAConflictKeptBesideWhatIsStored()
    {
        var table = new PlannedTables(_btc);
        table.Load(new BatchBuilder().Of(TestTrades.Of(_btc, 1)));
        var other = Of(1, Copy.Other);

        Assert.AreEqual(new LoadOutcome(0, 0, 1), table.Load(new BatchBuilder(firstOffset: 1).Of(other)));

        Assert.AreEqual(TradeContent.Of(TestTrades.Of(_btc, 1)), table.Facts[1]);
        Assert.AreEqual((ErrorReason.ContentConflict, 1L), (table.Rejections[0].Reason, table.Rejections[0].TradeId));

        // The same conflict is the same, however often its file is replayed.
        Assert.AreEqual(new LoadOutcome(0, 2, 0), table.Load(new BatchBuilder(firstOffset: 2).Of(other, other)));
    }

    [TestMethod]
    public void Plan_TimesInMillisecondsAndMicroseconds_AgreeWithinTheirMillisecond()
    {
        var exact = TestTrades.Of(_btc, 1) with { TradeTime = new(1_790_446_152_678_901), ReceivedTime = new(1_790_446_152_700_000) };
        var table = new PlannedTables(_btc);
        table.Load(new BatchBuilder().Of(exact));

        var rounded = exact with { TradeTime = new(1_790_446_152_678_000) };
        var wrong = exact with { TradeTime = new(1_790_446_152_679_000) };
        Assert.AreEqual(new LoadOutcome(0, 1, 1), table.Load(new BatchBuilder(firstOffset: 1).Of(rounded, wrong)));
    }

    [TestMethod]
    public void Plan_ChangesNothingButThePlan()
    {
        var symbols = new SymbolStates();
        var state = PlannedTables.Register(symbols, _btc);
        var batch = new BatchBuilder().Of(TestTrades.Range(_btc, 1, 10));

        using var first = BatchPlanner.Plan(symbols, batch);
        using var second = BatchPlanner.Plan(symbols, batch);

        Assert.IsTrue(state.Captured.IsEmpty);
        CollectionAssert.AreEqual(first.Facts.ToArray(), second.Facts.ToArray());
    }

    [TestMethod]
    public void Unregistered_NewSymbolsOnly_EachOnce()
    {
        var table = new SymbolTable();
        var (btc, eth, bnb) = (table.Intern("BTCUSDT"), table.Intern("ETHUSDT"), table.Intern("BNBUSDT"));
        var symbols = new SymbolStates();
        PlannedTables.Register(symbols, eth);

        var batch = new BatchBuilder().Of(TestTrades.Of(btc, 1), TestTrades.Of(eth, 1), TestTrades.Of(bnb, 1), TestTrades.Of(btc, 2));

        CollectionAssert.AreEquivalent(
            new[] { "BTCUSDT", "BNBUSDT" }, BatchPlanner.Unregistered(symbols, batch).Select(key => key.Ticker).ToArray());
    }

    private WarehouseBatch BatchOf(long firstOffset, IEnumerable<(int Id, Copy Copy)> part)
    {
        var builder = new BatchBuilder(firstOffset: firstOffset);
        foreach (var (id, copy) in part)
        {
            if (copy is not (Copy.HoleFound or Copy.GivenUp)) builder.Add(Of(id, copy));
            else builder.AddVerdict(
                _btc, new IdRange(id, id), copy == Copy.HoleFound ? CoverageState.ExchangeHole : CoverageState.OutOfReach);
        }

        return builder.Build();
    }

    private Trade Of(long id, Copy copy)
    {
        var trade = TestTrades.Of(_btc, id);
        return copy switch
        {
            Copy.Streamed => trade,
            Copy.Fetched => trade with { Source = IngestSource.Backfill },
            Copy.StreamedWithoutPrice => trade with { Price = default },
            Copy.FetchedWithoutPrice => trade with { Price = default, Source = IngestSource.Backfill },
            Copy.FetchedByASlowClock => trade with { ReceivedTime = default, Source = IngestSource.Backfill },
            Copy.Other => trade with { Price = new Price(trade.Price.Scaled * 2) },
            Copy.OtherCorrecting => trade with { Price = new Price(trade.Price.Scaled * 3), Source = IngestSource.Correction },
            _ => trade with { Source = IngestSource.Correction },
        };
    }

    /// <summary>The rules, id by id, as a person would state them.</summary>
    private sealed class Model
    {
        private readonly SortedDictionary<long, TradeContent> _stored = [];
        private readonly HashSet<long> _known = [];
        private readonly HashSet<long> _refused = [];
        private readonly HashSet<long> _quarantined = [];
        private readonly HashSet<long> _holes = [];
        private readonly HashSet<long> _unreached = [];

        public void Take(long id, Trade trade, Copy copy)
        {
            _known.Add(id);
            var isSettled = _stored.ContainsKey(id) || _refused.Contains(id);
            if (copy is Copy.HoleFound or Copy.GivenUp)
            {
                if (isSettled) return;
                if (copy == Copy.HoleFound)
                {
                    _holes.Add(id);
                    _quarantined.Remove(id);
                    _unreached.Remove(id);
                }
                else if (!_quarantined.Contains(id) && !_holes.Contains(id))
                {
                    _unreached.Add(id);
                }

                return;
            }

            _holes.Remove(id);
            _unreached.Remove(id);
            if (copy is Copy.StreamedWithoutPrice or Copy.FetchedByASlowClock)
            {
                if (!isSettled) _quarantined.Add(id);
                return;
            }

            _quarantined.Remove(id);
            if (copy is Copy.FetchedWithoutPrice) _refused.Add(id);
            else if (trade.Source == IngestSource.Correction || !_stored.ContainsKey(id)) _stored[id] = TradeContent.Of(trade);
        }

        public void AssertEqual(PlannedTables table)
        {
            CollectionAssert.AreEqual(_stored.ToArray(), table.Facts.ToArray());
            var captured = table.State.Captured;
            CollectionAssert.AreEqual(_stored.Keys.ToArray(), Expand(captured[CoverageState.Stored]));
            CollectionAssert.AreEqual(_refused.Except(_stored.Keys).Order().ToArray(), Expand(captured[CoverageState.Rejected]));
            CollectionAssert.AreEqual(_quarantined.Order().ToArray(), Expand(captured[CoverageState.Quarantined]));
            CollectionAssert.AreEqual(_holes.Order().ToArray(), Expand(captured[CoverageState.ExchangeHole]));
            CollectionAssert.AreEqual(_unreached.Order().ToArray(), Expand(captured[CoverageState.OutOfReach]));
            var missing = Enumerable.Range(0, Ids + 1).Select(id => (long)id)
                .Where(id => id >= _known.Min() && id <= _known.Max())
                .Where(id => !_stored.ContainsKey(id) && !_refused.Contains(id) && !_holes.Contains(id)).ToArray();
            CollectionAssert.AreEqual(missing, Expand(table.Gaps));
            CollectionAssert.AreEqual(captured.Ranges().ToArray(), table.CoverageRows.Values.ToArray());
        }

        private static long[] Expand(IdRangeSet ids) =>
            [.. ids.Ranges.ToArray().SelectMany(range => Enumerable.Range((int)range.From, (int)range.Count).Select(id => (long)id))];
    }

    /// <summary>The smallest warehouse that carries out plans.</summary>
    private sealed class PlannedTables
    {
        private readonly SymbolStates _symbols = new();
        private readonly HashSet<string> _identities = new(StringComparer.Ordinal);

        public PlannedTables(Symbol symbol) => State = Register(_symbols, symbol);

        public SymbolState State { get; }

        public long Records { get; private set; }

        public SortedDictionary<long, TradeContent> Facts { get; } = [];

        public List<PlannedRejection> Rejections { get; } = [];

        public SortedDictionary<long, CoverageRange> CoverageRows { get; } = [];

        public IdRangeSet Gaps { get; } = new();

        public static SymbolState Register(SymbolStates symbols, Symbol symbol)
        {
            var state = new SymbolState(1, SymbolStates.KeyOf(symbol));
            var inferred = InferredMember.Change(state.Key, default);
            state.Use(SymbolHistory.Of([inferred], AttributeOwnership.Default).Versions, Usd);
            symbols.Add(state);
            return state;
        }

        public LoadOutcome Load(WarehouseBatch batch)
        {
            using var plan = BatchPlanner.Plan(_symbols, batch);
            BatchPlanner.Compare(_symbols, plan, Facts.ToDictionary(fact => FactId.Of(1, fact.Key), fact => fact.Value));
            BatchPlanner.Drop(plan, _identities);
            var trades = batch.Trades.Span;
            foreach (ref readonly var fact in plan.Facts) Facts.Add(FactId.TradeId(fact.FactId), TradeContent.Of(trades[fact.Trade]));
            foreach (var fact in plan.Corrections) Facts[FactId.TradeId(fact.FactId)] = TradeContent.Of(batch.Trades.Span[fact.Trade]);
            Rejections.AddRange(plan.Rejections);
            foreach (var rejection in plan.Rejections)
            {
                if (rejection.Identity is { } identity) Assert.IsTrue(_identities.Add(identity));
            }

            foreach (var change in plan.Coverage)
            {
                foreach (var from in change.Removed) Assert.IsTrue(CoverageRows.Remove(from));
                foreach (var range in change.Put) CoverageRows[range.Ids.From] = range;
                foreach (var gap in change.Gaps)
                {
                    if (gap.Before is { } before) Gaps.Remove(before.Ids);
                }

                foreach (var gap in change.Gaps)
                {
                    if (gap.After is { } after && !after.State.IsEnded()) Gaps.Add(after.Ids);
                }
            }

            plan.UpdateState();
            Records += batch.Records.Length;
            return plan.Outcome;
        }
    }
}
