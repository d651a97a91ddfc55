using System.Collections.Immutable;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests;

public abstract partial class WarehouseContract
{
    [TestMethod]
    public async Task LoadAsync_SymbolNobodyDescribed_GetsAnInferredMember()
    {
        await LoadAsync(new BatchBuilder().Of(Trades(Eth, 1)));

        var version = (await ReadAsync()).Versions.Single();
        Assert.IsTrue(version.IsInferred);
        Assert.AreEqual((Timestamp.Epoch, Timestamp.EndOfTime), (version.ValidFrom, version.ValidTo));
        Assert.AreEqual(("ETH", "BTC"), (version[SymbolAttribute.BaseAsset], version[SymbolAttribute.QuoteAsset]));
    }

    [TestMethod]
    public async Task ApplyAsync_FirstDescriptionOfAnInferredMember_CompletesItInPlace()
    {
        await LoadAsync(new BatchBuilder().Of(Trades(Btc, 1, 2)));
        var inferred = await ReadAsync();

        var outcome = await ApplyAsync(Change("BTCUSDT", 1, TestTrades.TimeOf(50), (SymbolAttribute.Sector, "Store of value")));

        Assert.AreEqual(new ApplyOutcome(1, 0, 1, 1, 0), outcome);
        var contents = await ReadAsync();
        var version = contents.Versions.Single();
        Assert.AreEqual(inferred.Versions.Single().SymbolKey, version.SymbolKey);
        Assert.IsFalse(version.IsInferred);
        Assert.AreEqual(("BTC", "Store of value"), (version[SymbolAttribute.BaseAsset], version[SymbolAttribute.Sector]));
        CollectionAssert.AreEqual(inferred.Facts.ToArray(), contents.Facts.ToArray());
        Assert.AreEqual(2, contents.VersionsEverBelieved);
    }

    [TestMethod]
    public async Task ApplyAsync_NewSymbol_IsRegisteredOnceWithItsDurableId()
    {
        var change = Change("NEWUSDT", 1, Timestamp.Epoch, (SymbolAttribute.QuoteAsset, "USDT"));

        Assert.AreEqual(new ApplyOutcome(1, 1, 1, 0, 0), await ApplyAsync(change));
        Assert.AreEqual(default, await ApplyAsync(change, change));

        var before = (await Warehouse.CoverageAsync(Stop)).Single().SymbolId;
        await ApplyAsync(Change("OTHERUSDT", 1, Timestamp.Epoch, (SymbolAttribute.QuoteAsset, "USDT")));
        await ReopenAsync();
        await ApplyAsync(Change("THIRDUSDT", 1, Timestamp.Epoch, (SymbolAttribute.QuoteAsset, "USDT")));
        var coverage = await Warehouse.CoverageAsync(Stop);
        Assert.AreEqual(before, coverage.Single(symbol => symbol.Key.Ticker == "NEWUSDT").SymbolId);
        CollectionAssert.AllItemsAreUnique(coverage.Select(symbol => symbol.SymbolId).ToArray());
    }

    [TestMethod]
    public async Task ApplyAsync_LateChange_RekeysExactlyTheFactsFromItsTimeOn()
    {
        await ApplyAsync(
            Change("BTCUSDT", 1, Timestamp.Epoch, (SymbolAttribute.Sector, "a")),
            Change("BTCUSDT", 2, TestTrades.TimeOf(8), (SymbolAttribute.Sector, "c")));
        await LoadAsync(new BatchBuilder().Of([.. TestTrades.Range(Btc, 1, 10), .. TestTrades.Range(Eth, 1, 10)]));
        var before = await ReadAsync();

        var outcome = await ApplyAsync(Change("BTCUSDT", 3, TestTrades.TimeOf(4), (SymbolAttribute.Sector, "b")));

        // Facts 4 to 7 lie between the late change and the next.
        Assert.AreEqual(new ApplyOutcome(1, 0, 2, 1, 4), outcome);
        var contents = await ReadAsync();
        var changed = contents.Facts.Except(before.Facts).ToArray();
        Assert.AreEqual("BTCUSDT 4, BTCUSDT 5, BTCUSDT 6, BTCUSDT 7", string.Join(", ", changed.Select(fact => $"{fact.Ticker} {fact.TradeId}")));
        AssertBound(contents);
    }

    [TestMethod]
    public async Task ApplyAsync_CorrectionAtTheSameInstant_ReplacesTheVersionWithoutRekeying()
    {
        await ApplyAsync(
            Change("BTCUSDT", 1, Timestamp.Epoch, (SymbolAttribute.Sector, "a")),
            Change("BTCUSDT", 2, TestTrades.TimeOf(5), (SymbolAttribute.Sector, "b")));
        await LoadAsync(new BatchBuilder().Of(TestTrades.Range(Btc, 1, 10)));

        var outcome = await ApplyAsync(Change("BTCUSDT", 3, TestTrades.TimeOf(5), (SymbolAttribute.Sector, "corrected")));

        Assert.AreEqual(new ApplyOutcome(1, 0, 1, 1, 0), outcome);
        var contents = await ReadAsync();
        Assert.AreEqual("a corrected", string.Join(' ', contents.Versions.Select(version => version[SymbolAttribute.Sector])));
        AssertBound(contents);
    }

    [TestMethod]
    public async Task ApplyAsync_CorrectionThatUndoesAVersion_BindsItsFactsToTheOneBefore()
    {
        await ApplyAsync(
            Change("BTCUSDT", 1, Timestamp.Epoch, (SymbolAttribute.Sector, "a")),
            Change("BTCUSDT", 2, TestTrades.TimeOf(5), (SymbolAttribute.Sector, "b")));
        await LoadAsync(new BatchBuilder().Of(TestTrades.Range(Btc, 1, 10)));

        var outcome = await ApplyAsync(Change("BTCUSDT", 3, TestTrades.TimeOf(5), (SymbolAttribute.Sector, "a")));

        Assert.AreEqual(6, outcome.FactsRekeyed);
        var contents = await ReadAsync();
        Assert.HasCount(1, contents.Versions);
        AssertBound(contents);
    }

    [TestMethod]
    public async Task ApplyAsync_Deleted_KeepsTheHistoryAndLaterTradesFindTheDeletedVersion()
    {
        var deleted = Change("BTCUSDT", 2, TestTrades.TimeOf(5)) with { Operation = ChangeOperation.Delete };
        await ApplyAsync(Change("BTCUSDT", 1, Timestamp.Epoch, (SymbolAttribute.Sector, "a")), deleted);

        await LoadAsync(new BatchBuilder().Of(Trades(Btc, 4, 5)));

        var contents = await ReadAsync();
        CollectionAssert.AreEqual(new[] { false, true }, contents.Versions.Select(version => version.IsDeleted).ToArray());
        Assert.AreEqual("a", contents.Versions[1][SymbolAttribute.Sector]);
        AssertBound(contents);
    }

    [TestMethod]
    public async Task LoadAsync_TradeOfAnotherTime_IsBoundAndPricedByItsOwnVersion()
    {
        // Not pegged before the change, pegged from it on.
        await ApplyAsync(
            Change("BTCUSDT", 1, Timestamp.Epoch, (SymbolAttribute.QuoteAsset, "BTC")),
            Change("BTCUSDT", 2, TestTrades.TimeOf(5), (SymbolAttribute.QuoteAsset, "USDT")));

        await LoadAsync(new BatchBuilder().Of(Trades(Btc, 5, 4, 6)));

        var contents = await ReadAsync();
        AssertBound(contents);
        Assert.AreEqual(
            "NoUsdRate None None", string.Join(' ', contents.Facts.Select(fact => fact.Flags)));
        Assert.IsNull(contents.Facts[0].Amount);
        Assert.IsNotNull(contents.Facts[1].Amount);
    }

    [TestMethod]
    public async Task ApplyAsync_QuoteAssetKnownLate_PricesTheFactsStoredBefore()
    {
        // The ending tells nothing, so the amounts are unknown until somebody describes the symbol.
        var odd = Symbols.Intern("ODDNAME");
        await LoadAsync(new BatchBuilder().Of(TestTrades.Range(odd, 1, 4)));
        Assert.IsTrue((await ReadAsync()).Facts.All(fact => fact is { Amount: null, Flags: QualityFlags.NoUsdRate }));

        await ApplyAsync(
            Change("ODDNAME", 1, Timestamp.Epoch, (SymbolAttribute.QuoteAsset, "USDT")),
            Change("ODDNAME", 2, TestTrades.TimeOf(3), (SymbolAttribute.QuoteAsset, "EUR")));

        foreach (var fact in (await ReadAsync()).Facts)
        {
            var expected = fact.TradeId < 3 && Amount.TryMultiply(fact.Price, fact.Quantity, out var amount) ? amount : (Amount?)null;
            Assert.AreEqual((expected, expected is null ? QualityFlags.NoUsdRate : QualityFlags.None), (fact.Amount, fact.Flags), fact.ToString());
        }
    }

    [TestMethod]
    public async Task ChangesAsync_OfOneSource_GivesItsStatementsAsTheyWereMade()
    {
        var first = Change("BTCUSDT", 1, TestTrades.TimeOf(1), (SymbolAttribute.Sector, "with \"quotes\", 中文"), (SymbolAttribute.RiskLevel, null));
        var second = Change("ETHBTC", 2, TestTrades.TimeOf(2), (SymbolAttribute.Sector, ""));
        var other = new SymbolChange(
            ChangeSource.ExchangeInfo, 1, first.Key, ChangeOperation.Delete, TestTrades.TimeOf(3), TestTrades.TimeOf(4),
            ImmutableSortedDictionary<SymbolAttribute, string?>.Empty);
        await ApplyAsync(first, second, other);
        await ReopenAsync();

        var said = await Warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop);

        CollectionAssert.AreEqual(new[] { first, second }, said.ToArray());
        Assert.AreEqual(first.RecordedTime, said[0].RecordedTime);
        Assert.AreEqual(other, (await Warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop)).Single());
    }

    [TestMethod]
    public async Task ApplyAsync_AnyOrderAndBatchingBetweenTrades_GivesTheSameHistoryAndBinding()
    {
        var change =
            from source in Gen.Elements(ChangeSource.ExchangeInfo, ChangeSource.ReferenceFile)
            from minute in Gen.Choose(0, 12)
            from attribute in Gen.Elements(SymbolAttribute.Sector, SymbolAttribute.QuoteAsset)
            from value in Gen.Elements("USDT", "BTC", null)
            select (source, minute, attribute, value);
        var runs =
            from changes in Gen.ArrayOf(change, 6)
            from order in Gen.Shuffle(Enumerable.Range(0, 12).ToArray())
            select (Changes: changes, Order: order);

        foreach (var (drawn, order) in Gen.Sample(runs, OrdersToTry))
        {
            var changes = drawn.Select((entry, i) => new SymbolChange(
                entry.source, i, new NaturalKey(Exchange.Binance, "BTCUSDT"), ChangeOperation.Upsert, TestTrades.TimeOf(entry.minute), TestTrades.TimeOf(entry.minute),
                ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(entry.attribute, entry.value))).ToArray();

            // What was inferred of the symbol stays where nobody describes it, so the plain run gets it too.
            await StartAfreshAsync();
            await ApplyAsync([InferredMember.Change(new NaturalKey(Exchange.Binance, "BTCUSDT"), Timestamp.Epoch), .. changes]);
            await LoadAsync(new BatchBuilder().Of(TestTrades.Range(Btc, 0, 12)));
            var expected = await ReadAsync();

            // Even numbers of the order are a trade or two, odd ones a change, often once more.
            await StartAfreshAsync();
            var builder = new BatchBuilder();
            foreach (var step in order)
            {
                if (step % 2 == 0) await LoadAsync(builder.Of(TestTrades.Range(Btc, step, step == 10 ? 12 : step + 1)));
                else await ApplyAsync(changes[step / 2], changes[(step + 4) / 2 % 6]);
            }

            await ApplyAsync(InferredMember.Change(new NaturalKey(Exchange.Binance, "BTCUSDT"), Timestamp.Epoch));
            var actual = await ReadAsync();
            AssertBound(actual);
            CollectionAssert.AreEqual(expected.Versions.ToArray(), actual.Versions.ToArray());
            CollectionAssert.AreEqual(expected.Facts.ToArray(), actual.Facts.ToArray());
        }
    }

    private static void AssertBound(WarehouseContents contents)
    {
        foreach (var fact in contents.Facts)
        {
            var version = contents.Versions.SingleOrDefault(version => version.SymbolKey == fact.SymbolKey);
            Assert.IsNotNull(version, $"{fact.Ticker} {fact.TradeId} is bound to no version of current knowledge.");
            Assert.AreEqual(fact.Ticker, version.Key.Ticker);
            Assert.IsTrue(version.ValidFrom <= fact.TradeTime && fact.TradeTime < version.ValidTo, $"{fact} is bound to [{version.ValidFrom}, {version.ValidTo}).");
        }
    }
}
