using Crypto.TradeIngest.Binance;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class ShardPlanTests
{
    [TestMethod]
    public void Of_Nothing_IsCutIntoEqualParts()
    {
        var plan = ShardPlan.Of([], Streams(0, 1222), 1024);

        CollectionAssert.AreEqual(new[] { 611, 611 }, plan.Added.Select(set => set.Count).ToArray());
    }

    [TestMethod]
    public void Of_MoreAndFewer_LeavesWhatStaysWhereItIs()
    {
        var plan = ShardPlan.Of([Streams(0, 5), Streams(5, 5)], [.. Streams(2, 8), .. Streams(20, 2)], 10);

        CollectionAssert.AreEquivalent(Streams(2, 3).Concat(Streams(20, 2)).ToArray(), plan.Sets[0].ToArray());
        CollectionAssert.AreEquivalent(Streams(5, 5).ToArray(), plan.Sets[1].ToArray());
        Assert.IsEmpty(plan.Added);
        Assert.IsNull(plan.Merged);
    }

    [TestMethod]
    public void Of_NoRoom_OpensConnectionsForTheRest()
    {
        var plan = ShardPlan.Of([Streams(0, 9)], Streams(0, 20), 10);

        Assert.HasCount(10, plan.Sets[0]);
        CollectionAssert.AreEqual(new[] { 10 }, plan.Added.Select(set => set.Count).ToArray());
    }

    [TestMethod]
    public void Of_NearlyEmptyConnection_IsMergedIntoOthersThatHaveRoom()
    {
        var plan = ShardPlan.Of([Streams(0, 15), Streams(16, 16)], [.. Streams(0, 15), "s31@trade"], 16);

        Assert.AreEqual(1, plan.Merged);
        CollectionAssert.Contains(plan.Sets[0].ToArray(), "s31@trade");
        CollectionAssert.AreEqual(new[] { "s31@trade" }, plan.Sets[1].ToArray(), "It keeps what moves until it has moved.");
    }

    [TestMethod]
    public void Of_NothingWanted_ClosesTheConnection() => Assert.AreEqual(0, ShardPlan.Of([Streams(0, 3)], [], 10).Merged);

    [TestMethod]
    public void Of_AnyChanges_HasEveryStreamOnceAndWithinTheLimit()
    {
        var sizes = Gen.Choose(0, 40).ListOf(12).Select(list => list.ToArray()).ToArbitrary();
        Prop.ForAll(sizes, wanted =>
        {
            List<IReadOnlySet<string>> shards = [];
            foreach (var (i, count) in wanted.Index())
            {
                var streams = Streams(i % 3 * 7, count);
                var plan = ShardPlan.Of(shards, [.. streams], 10);
                var kept = plan.Sets.Where((_, index) => index != plan.Merged).Concat(plan.Added).ToList();
                if (kept.Exists(set => set.Count > 10) || kept.Sum(set => set.Count) != count) return false;
                if (!kept.SelectMany(set => set).ToHashSet(StringComparer.Ordinal).SetEquals(streams)) return false;
                shards = [.. kept];
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }

    private static HashSet<string> Streams(int from, int count) =>
        [.. Enumerable.Range(from, count).Select(number => $"s{number}@trade")];
}
