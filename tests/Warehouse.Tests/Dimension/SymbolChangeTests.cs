using System.Collections.Immutable;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class SymbolChangeTests
{
    [TestMethod]
    public void Hash_StatementsThatDifferInAnything_Differ()
    {
        var time = Timestamp.Parse("2022-01-01T00:00:00Z");
        SymbolChange[] statements =
        [
            Of(), Of((SymbolAttribute.Sector, null)), Of((SymbolAttribute.Sector, "")), Of((SymbolAttribute.Sector, "-")), Of((SymbolAttribute.Sector, "a")),
            Of((SymbolAttribute.RiskLevel, "a")), Of((SymbolAttribute.Sector, "a"), (SymbolAttribute.RiskLevel, null)),
            Of((SymbolAttribute.Sector, "a10:risk_level-:")), Of((SymbolAttribute.Sector, "A")), Of((SymbolAttribute.Sector, " a")),
            Changes.Of(ChangeSource.ReferenceFile, 2, time, ChangeOperation.Upsert), Changes.Of(ChangeSource.ExchangeInfo, 1, time, ChangeOperation.Upsert),
            Changes.Of(ChangeSource.ReferenceFile, 1, time, ChangeOperation.Delete),
            Changes.Of(ChangeSource.ReferenceFile, 1, new Timestamp(time.Microseconds + 1), ChangeOperation.Upsert),
            new(ChangeSource.ReferenceFile, 1, new NaturalKey("BINANCE", "BTCUSD"), ChangeOperation.Upsert, time, time, ImmutableSortedDictionary<SymbolAttribute, string?>.Empty),
            new(ChangeSource.ReferenceFile, 1, new NaturalKey("BINANCEB", "TCUSDT"), ChangeOperation.Upsert, time, time, ImmutableSortedDictionary<SymbolAttribute, string?>.Empty),
        ];

        CollectionAssert.AllItemsAreUnique(statements.Select(statement => statement.Hash).ToArray());

        SymbolChange Of(params (SymbolAttribute Attribute, string? Value)[] attributes) =>
            Changes.Of(ChangeSource.ReferenceFile, 1, time, ChangeOperation.Upsert, attributes);
    }

    [TestMethod]
    public void Hash_SameStatementRecordedLater_IsTheSame()
    {
        var statement = Changes.Sector(1, "2022-01-01T00:00:00Z", "a");
        var again = statement with { RecordedTime = Timestamp.Parse("2026-01-01T00:00:00Z") };

        Assert.AreEqual(statement.Hash, again.Hash);
        Assert.AreEqual(statement, again);
    }

    /// <summary>Stored in <c>SYMBOL_CHANGES.hash</c>: another value would let every statement be taken for new.</summary>
    [TestMethod]
    public void Hash_KnownStatement_IsTheOneItAlwaysWas() => Assert.AreEqual(
        "5640ec70ca4b3c1e4ea1204acdb56b13fc9d461ffcc243e26d91503d67a9d568", Changes.Sector(1, "2022-01-01T00:00:00Z", "a").Hash);

    [TestMethod]
    public void Hash_OfACopyWithAnotherAttribute_IsItsOwn()
    {
        var statement = Changes.Sector(1, "2022-01-01T00:00:00Z", "a");
        var hash = statement.Hash;

        Assert.AreNotEqual(hash, (statement with { Sequence = 2 }).Hash);
    }

    [TestMethod]
    public void Order_AnyChanges_IsTotalAndEqualOnlyForTheSameStatement() =>
        Prop.ForAll(Changes.Any.ToArbitrary(), Changes.Any.ToArbitrary(), Changes.Any.ToArbitrary(), (a, b, c) =>
        {
            Assert.AreEqual(Math.Sign(SymbolChange.Order.Compare(a, b)), -Math.Sign(SymbolChange.Order.Compare(b, a)));
            Assert.AreEqual(a == b, SymbolChange.Order.Compare(a, b) == 0);
            if (SymbolChange.Order.Compare(a, b) <= 0 && SymbolChange.Order.Compare(b, c) <= 0) Assert.IsLessThanOrEqualTo(0, SymbolChange.Order.Compare(a, c));
        }).QuickCheckThrowOnFailure();
}
