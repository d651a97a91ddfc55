using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class SymbolHistoryTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    [TestMethod]
    public void Fold_AnyChanges_EqualsTheDefinition() =>
        Prop.ForAll(Changes.Some.ToArbitrary(), changes =>
        {
            var expected = SlowFold.Fold(changes);
            var actual = Changes.Fold(changes).Select(version => (version.ValidFrom, version.ValidTo, SlowFold.StateOf(version))).ToList();
            CollectionAssert.AreEqual(expected, actual);
        }).Check(Thorough);

    [TestMethod]
    public void Fold_AnyChanges_HasNeitherHoleNorOverlapAndNeighborsDiffer() =>
        Prop.ForAll(Changes.Some.ToArbitrary(), changes =>
        {
            var versions = Changes.Fold(changes);
            Assert.AreEqual(Timestamp.Epoch, versions[0].ValidFrom);
            Assert.AreEqual(1, versions.Count(version => version.IsCurrent));
            Assert.IsTrue(versions[^1].IsCurrent);
            Assert.IsTrue(versions.All(version => version.ValidFrom < version.ValidTo));
            for (var i = 1; i < versions.Count; i++)
            {
                Assert.AreEqual(versions[i - 1].ValidTo, versions[i].ValidFrom);
                Assert.AreNotEqual(versions[i - 1].ChangeHash, versions[i].ChangeHash);
            }
        }).Check(Thorough);

    [TestMethod]
    public void Fold_AnyOrderAndRepetition_GivesTheSameVersions()
    {
        var arrivals =
            from changes in Changes.Some
            from repeated in Gen.SubListOf(changes)
            from order in Gen.Shuffle(changes.Concat(repeated).ToArray())
            select (Changes: changes, Order: order);

        Prop.ForAll(
            arrivals.ToArbitrary(),
            arrival => CollectionAssert.AreEqual(Changes.Fold(arrival.Changes).ToArray(), Changes.Fold(arrival.Order).ToArray()))
            .Check(Thorough);
    }

    [TestMethod]
    public void Fold_FirstDescription_HoldsFromTheEpochAndCompletesTheInferredMemberInPlace()
    {
        var inferred = Changes.Fold([Changes.Inferred]).Single();
        var described = Changes.Fold([Changes.Inferred, Changes.Sector(1, "2021-01-01T00:00:00Z", "a")]).Single();

        Assert.AreEqual(inferred.SymbolKey, described.SymbolKey);
        Assert.AreEqual((true, false), (inferred.IsInferred, described.IsInferred));
        Assert.AreEqual(("USDT", "a"), (described[SymbolAttribute.QuoteAsset], described[SymbolAttribute.Sector]));
    }

    [TestMethod]
    public void Fold_SameInstant_HigherSourceThenHigherSequenceWins()
    {
        const string Instant = "2022-01-01T00:00:00Z";
        var versions = Changes.Fold(
        [
            Changes.Sector(0, "1970-01-01T00:00:00Z", "first"),
            Changes.Sector(9, Instant, "exchange", ChangeSource.ExchangeInfo),
            Changes.Sector(2, Instant, "file, later"),
            Changes.Sector(1, Instant, "file, earlier"),
        ]);

        Assert.AreEqual("first, file, later", string.Join(", ", versions.Select(version => version[SymbolAttribute.Sector])));
    }

    [TestMethod]
    public void Fold_ChangeThatAltersNothing_MakesNoVersion()
    {
        var versions = Changes.Fold([Changes.Sector(1, "1970-01-01T00:00:00Z", "a"), Changes.Sector(2, "2022-01-01T00:00:00Z", "a")]);

        Assert.HasCount(1, versions);
    }

    [TestMethod]
    public void Fold_AttributeTakenBackAgain_IsThreeVersionsAndTheLastOneLacksIt()
    {
        var versions = Changes.Fold(
            [
                Changes.Sector(1, "1970-01-01T00:00:00Z", null),
                Changes.Sector(2, "2021-01-01T00:00:00Z", "a"),
                Changes.Sector(3, "2022-01-01T00:00:00Z", null),
            ]);

        Assert.HasCount(3, versions);
        Assert.IsNull(versions[2][SymbolAttribute.Sector]);
        Assert.AreEqual(versions[0].ChangeHash, versions[2].ChangeHash);
        Assert.AreNotEqual(versions[0].SymbolKey, versions[2].SymbolKey);
    }
}
