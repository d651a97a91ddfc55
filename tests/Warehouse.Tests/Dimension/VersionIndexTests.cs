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
}
