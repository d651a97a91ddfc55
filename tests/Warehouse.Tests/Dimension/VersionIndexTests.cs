using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class VersionIndexTests
{
    [TestMethod]
    public void IndexAt_AnyTime_EqualsALinearSearch() =>
        Prop.ForAll(Changes.Some.ToArbitrary(), changes =>
        {
            var versions = Changes.Fold(changes);
            var index = new VersionIndex(7, versions);
            foreach (var edge in versions.SelectMany(version => new[] { version.ValidFrom, version.ValidTo }))
            {
                foreach (var time in new[] { edge.Microseconds - 1, edge.Microseconds, edge.Microseconds + 1 })
                {
                    // Before the first version there is none; what comes closest is the first, after the last the last.
                    var expected = versions.Index().LastOrDefault(entry => entry.Item.ValidFrom.Microseconds <= time).Index;
                    Assert.AreEqual(expected, index.IndexAt(new Timestamp(time)));
                    Assert.AreEqual(versions[expected].SymbolKey, index.KeyOf(expected));
                }
            }

            Assert.AreEqual(0, index.IndexAt(new Timestamp(long.MinValue)));
            Assert.AreEqual(versions.Count - 1, index.IndexAt(new Timestamp(long.MaxValue)));
            Assert.AreSame(versions[^1], index.Current);
        }).QuickCheckThrowOnFailure();

    [TestMethod]
    [DataRow(2)]
    [DataRow(5)]
    [DataRow(32)]
    [DataRow(33)]
    [DataRow(64)]
    [DataRow(1000)]
    public void IndexAt_ManyVersions_EqualsALinearSearch(int count)
    {
        var versions = Enumerable.Range(0, count).Select(i => new SymbolVersion(
            Changes.Key, new Timestamp(i * 10L), new Timestamp((i + 1) * 10L), false, false, Changes.Inferred.Attributes)).ToList();
        var index = new VersionIndex(7, versions);
        for (var time = 0; time < count * 10; time++) Assert.AreEqual(time / 10, index.IndexAt(new Timestamp(time)));
        Assert.AreEqual(0, index.IndexAt(new Timestamp(-1)));
    }
}
