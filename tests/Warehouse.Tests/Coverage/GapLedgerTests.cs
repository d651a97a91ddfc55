using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Coverage;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Coverage;

[TestClass]
public sealed class GapLedgerTests
{
    private const int Universe = 24;

    [TestMethod]
    public void Changes_AnyGrowth_TurnTheOldLedgerIntoTheNew()
    {
        var growth =
            from before in Gen.SubListOf(Enumerable.Range(0, Universe))
            from added in Gen.SubListOf(Enumerable.Range(0, Universe))
            select (Before: before.ToArray(), After: before.Union(added).ToArray());

        Prop.ForAll(growth.ToArbitrary(), pair =>
        {
            var (before, after) = (SetOf(pair.Before), SetOf(pair.After));

            // Each gap by its first id, with the id under which it was found.
            var ledger = Holes(pair.Before).ToDictionary(gap => gap, gap => gap);
            var old = ledger.Keys.ToHashSet();
            foreach (var change in GapLedger.Changes(before.Holes(), after.Holes()))
            {
                Assert.AreNotEqual(change.Before, change.After, "a change that changes nothing");
                if (change.SplitFrom is { } origin)
                {
                    Assert.IsNull(change.Before);
                    Assert.Contains(origin, old, "a piece inherits from a gap that was there");
                    Assert.IsTrue(origin.Contains(change.After!.Value.From) && origin.Contains(change.After.Value.To));
                    ledger.Add(change.After.Value, origin);
                }
                else if (change.Before is { } gap)
                {
                    Assert.IsTrue(ledger.Remove(gap, out var found), "a gap changes once");
                    if (change.After is { } narrowed) ledger.Add(narrowed, found);
                }
                else
                {
                    Assert.IsFalse(old.Any(known => known.Contains(change.After!.Value.From)), "found anew outside what was covered");
                    ledger.Add(change.After!.Value, change.After.Value);
                }
            }

            CollectionAssert.AreEquivalent(Holes(pair.After).ToArray(), ledger.Keys.ToArray());
            foreach (var (gap, found) in ledger)
            {
                if (old.SingleOrDefault(known => known.Contains(gap.From), new IdRange(-1, -1)) is { From: >= 0 } origin)
                {
                    Assert.AreEqual(origin, found);
                }
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [TestMethod]
    public void Changes_NothingNew_AreNone()
    {
        var covered = SetOf([1, 2, 5, 9]);

        Assert.IsEmpty(GapLedger.Changes(covered.Holes(), covered.Clone().Holes()));
    }

    // By counting, without the set under test.
    private static IEnumerable<IdRange> Holes(int[] ids)
    {
        var sorted = ids.Order().ToArray();
        return sorted.Zip(sorted.Skip(1)).Where(pair => pair.Second > pair.First + 1).Select(
            pair => new IdRange(pair.First + 1, pair.Second - 1));
    }

    private static IdRangeSet SetOf(int[] ids)
    {
        var set = new IdRangeSet();
        foreach (var id in ids) set.Add(id);
        return set;
    }
}
