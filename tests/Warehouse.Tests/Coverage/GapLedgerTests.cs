using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Coverage;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Coverage;

[TestClass]
public sealed class GapLedgerTests
{
    private const int Universe = 24;

    private enum Step
    {
        Store,
        Reject,
        Quarantine,
        FindHole,
        GiveUp,
    }

    [TestMethod]
    public void Changes_AnythingThatHappens_TurnTheOldLedgerIntoTheNew()
    {
        var step =
            from kind in Gen.Elements(Enum.GetValues<Step>())
            from first in Gen.Choose(0, Universe - 1)
            from length in Gen.Choose(1, 6)
            select (Kind: kind, Ids: new IdRange(first, Math.Min(Universe - 1, first + length - 1)));
        var history =
            from before in step.ListOf()
            from after in step.ListOf()
            select (Before: before, After: after);

        Prop.ForAll(history.ToArbitrary(), steps =>
        {
            var before = new CapturedIds();
            foreach (var (kind, ids) in steps.Before) Take(before, kind, ids);
            var after = before.Clone();
            foreach (var (kind, ids) in steps.After) Take(after, kind, ids);

            var ledger = new HashSet<Gap>(Gaps(before));
            foreach (var change in GapLedger.Changes(before, after))
            {
                Assert.AreNotEqual(change.Before, change.After, "a change that changes nothing");
                if (change.Before is { } gap) Assert.IsTrue(ledger.Remove(gap), "a gap changes once");
                if (change.SplitFrom is { } origin)
                {
                    Assert.IsNull(change.Before);
                    Assert.IsTrue(Gaps(before).Any(known => known.Ids == origin), "a piece inherits from a gap that was there");
                    Assert.IsTrue(change.After!.Value.Ids.From >= origin.From && change.After.Value.Ids.From <= origin.To);
                }

                if (change.After is { State: GapState.Filled } filled)
                {
                    Assert.AreEqual(change.Before?.Ids, filled.Ids);
                    Assert.IsTrue(
                        Ids(filled.Ids).All(id => after.Settled().Contains(id) && !after[CoverageState.ExchangeHole].Contains(id)),
                        "filled");
                }
                else if (change.After is { State: GapState.ExchangeHole } hole)
                {
                    Assert.IsTrue(Ids(hole.Ids).All(after[CoverageState.ExchangeHole].Contains), "a hole");
                    Assert.IsFalse(Ids(hole.Ids).Any(before[CoverageState.ExchangeHole].Contains), "found once");
                }
                else if (change.After is { } open)
                {
                    Assert.IsTrue(ledger.Add(open), "two rows of one gap");
                }
            }

            CollectionAssert.AreEquivalent(Gaps(after).ToArray(), ledger.ToArray());
            CollectionAssert.AreEqual(Gaps(after).ToArray(), after.Gaps().ToArray());
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    [TestMethod]
    public void Changes_NothingNew_AreNone()
    {
        var captured = new CapturedIds();
        foreach (var id in new long[] { 1, 2, 5, 9 }) captured.Store(id);
        captured.Decide(new IdRange(3, 3), CoverageState.ExchangeHole);
        captured.Decide(new IdRange(6, 7), CoverageState.OutOfReach);

        Assert.IsEmpty(GapLedger.Changes(captured, captured.Clone()));
    }

    [TestMethod]
    public void Changes_PartOfAGapIsAHoleOfTheExchange_TheRestIsFilledAndTheRowSaysWhich()
    {
        var before = new CapturedIds();
        before.Store(1);
        before.Store(10);
        var after = before.Clone();
        for (var id = 2; id < 7; id++) after.Store(id);
        after.Decide(new IdRange(2, 9), CoverageState.ExchangeHole);

        var change = GapLedger.Changes(before, after).Single();

        Assert.AreEqual(new Gap(new IdRange(2, 9), GapState.Open), change.Before);
        Assert.AreEqual(new Gap(new IdRange(7, 9), GapState.ExchangeHole), change.After);
    }

    [TestMethod]
    public void Changes_IdsBetweenTwoGapsCountAsMissingAgain_TheSecondIsJoined()
    {
        var before = new CapturedIds();
        foreach (var id in new long[] { 1, 9 }) before.Store(id);
        before.Decide(new IdRange(4, 5), CoverageState.ExchangeHole);
        var after = before.Clone();
        after.Reject(4, isConclusive: false);
        after.Reject(5, isConclusive: false);

        var changes = GapLedger.Changes(before, after);

        Assert.AreEqual(new GapChange(new Gap(new IdRange(2, 3), GapState.Open), new Gap(new IdRange(2, 8), GapState.Open)), changes[0]);
        Assert.AreEqual(new GapChange(new Gap(new IdRange(6, 8), GapState.Open), null), changes[1]);
    }

    private static void Take(CapturedIds captured, Step step, IdRange range)
    {
        if (step == Step.FindHole) captured.Decide(range, CoverageState.ExchangeHole);
        else if (step == Step.GiveUp) captured.Decide(range, CoverageState.OutOfReach);
        else
        {
            foreach (var id in Ids(range))
            {
                if (step == Step.Store) captured.Store(id);
                else captured.Reject(id, isConclusive: step == Step.Reject);
            }
        }
    }

    // By looking at each id, without the sets under test.
    private static List<Gap> Gaps(CapturedIds captured)
    {
        var gaps = new List<Gap>();
        var states = Enum.GetValues<CoverageState>();
        CoverageState? Of(long id) => states.Where(state => captured[state].Contains(id)).Cast<CoverageState?>().SingleOrDefault();
        var known = Enumerable.Range(0, Universe).Where(id => Of(id) is not null).ToList();
        for (long id = known.FirstOrDefault(); known.Count > 0 && id <= known[^1]; id++)
        {
            GapState? state = Of(id) switch
            {
                null or CoverageState.Quarantined => GapState.Open,
                CoverageState.OutOfReach => GapState.OutOfReach,
                _ => null,
            };
            if (state is not { } missing) continue;
            if (gaps.Count > 0 && gaps[^1] is var last && last.State == missing && last.Ids.To == id - 1)
            {
                gaps[^1] = new Gap(new IdRange(last.Ids.From, id), missing);
            }
            else
            {
                gaps.Add(new Gap(new IdRange(id, id), missing));
            }
        }

        return gaps;
    }

    private static IEnumerable<long> Ids(IdRange range)
    {
        for (var id = range.From; id <= range.To; id++) yield return id;
    }
}
