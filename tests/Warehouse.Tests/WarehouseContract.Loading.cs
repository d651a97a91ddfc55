using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests;

public abstract partial class WarehouseContract
{
    [TestMethod]
    public async Task LoadAsync_Trades_AreStoredFieldByField()
    {
        var trade = TestTrades.Of(Btc, 7) with
        {
            Price = Price.Parse("84106.09000001"),
            Quantity = Quantity.Parse("0.00007000"),
            Aggressor = AggressorSide.Sell,
            Source = IngestSource.Backfill,
        };

        var outcome = await LoadAsync(new BatchBuilder().Of(trade));

        Assert.AreEqual(new LoadOutcome(1, 0, 0), outcome);
        var contents = await ReadAsync();
        var fact = contents.Facts.Single();
        Assert.AreEqual(
            new FactRow(
                "BTCUSDT", 7, contents.Versions.Single().SymbolKey, trade.TradeTime, trade.Price, trade.Quantity,
                Amount.Parse("5.88742630"), AggressorSide.Sell, IngestSource.Backfill, QualityFlags.None),
            fact);
    }

    [TestMethod]
    public async Task PositionsAsync_AfterLoads_AreWhereEachPartitionGoesOn()
    {
        var (first, second, other) = (new BatchBuilder(0), new BatchBuilder(1), new BatchBuilder(0, epoch: "e2"));
        Assert.IsEmpty(await Warehouse.PositionsAsync(Stop));

        await LoadAsync(first.Of(Trades(Btc, 1, 2, 3)));
        await LoadAsync(second.Of(Trades(Eth, 1)));
        await LoadAsync(first.Skip(4).Of(Trades(Btc, 4)));
        await LoadAsync(other.Of(Trades(Btc, 5)));

        var positions = await Warehouse.PositionsAsync(Stop);
        Assert.HasCount(3, positions);
        Assert.AreEqual(8, positions[first.Partition]);
        Assert.AreEqual(1, positions[second.Partition]);
        Assert.AreEqual(1, positions[other.Partition]);
    }

    [TestMethod]
    public async Task LoadAsync_FirstBatchOfAPartition_MayStartAtAnyOffset()
    {
        var builder = new BatchBuilder(firstOffset: 5_000_000_000);

        await LoadAsync(builder.Of(Trades(Btc, 1)));

        Assert.AreEqual(5_000_000_001, (await Warehouse.PositionsAsync(Stop))[builder.Partition]);
    }

    [TestMethod]
    public async Task LoadAsync_SameBatchTwice_ChangesNothing()
    {
        var builder = new BatchBuilder();
        var batch = builder.Add(Trades(Btc, 1, 2, 5)).AddUnreadable(Bytes("{")).Build();
        await LoadAsync(batch);
        var before = await ReadAsync();

        var outcome = await LoadAsync(batch);

        Assert.AreEqual(default, outcome);
        Assert.AreEqual(before.ToString(), (await ReadAsync()).ToString());
    }

    [TestMethod]
    public async Task LoadAsync_EarlierBatchAgain_ChangesNothing()
    {
        var builder = new BatchBuilder();
        var first = builder.Of(Trades(Btc, 1, 2));
        await LoadAsync(first);
        await LoadAsync(builder.Of(Trades(Btc, 3)));
        var before = await ReadAsync();

        Assert.AreEqual(default, await LoadAsync(first));

        Assert.AreEqual(before.ToString(), (await ReadAsync()).ToString());
    }

    [TestMethod]
    [DataRow(1, 4, DisplayName = "a hole before it")]
    [DataRow(-1, 1, DisplayName = "an overlap")]
    public async Task LoadAsync_BatchThatDoesNotJoinOn_ThrowsAndChangesNothing(int shift, long id)
    {
        await LoadAsync(new BatchBuilder().Of(Trades(Btc, 1, 2)));
        var before = await ReadAsync();
        var batch = new BatchBuilder(firstOffset: 2 + shift).Of(Trades(Btc, id, 5, 6));

        var failure = await Assert.ThrowsExactlyAsync<WarehouseException>(async () => await LoadAsync(batch));

        Assert.IsFalse(failure.IsTransient);
        Assert.Contains($"offset {2 + shift}", failure.Message);
        Assert.Contains("position 2", failure.Message);
        Assert.AreEqual(before.ToString(), (await ReadAsync()).ToString());
        Assert.AreEqual(new LoadOutcome(1, 0, 0), await LoadAsync(new BatchBuilder(firstOffset: 2).Of(Trades(Btc, 3))));
    }

    [TestMethod]
    public async Task LoadAsync_DuplicatesWithinABatch_AreStoredOnceAndCounted()
    {
        var outcome = await LoadAsync(new BatchBuilder().Of(Trades(Btc, 1, 2, 2, 1, 3, 3, 3)));

        Assert.AreEqual(new LoadOutcome(3, 4, 0), outcome);
        CollectionAssert.AreEqual(new long[] { 1, 2, 3 }, (await ReadAsync()).Facts.Select(fact => fact.TradeId).ToArray());
    }

    [TestMethod]
    public async Task LoadAsync_DuplicatesAcrossBatchesAndPartitions_FirstOneStays()
    {
        var (left, right) = (new BatchBuilder(0), new BatchBuilder(1));
        await LoadAsync(left.Of(Trades(Btc, 1, 2)));

        Assert.AreEqual(
            new LoadOutcome(1, 1, 0),
            await LoadAsync(right.Of([TestTrades.Of(Btc, 2) with { Source = IngestSource.Replay }, .. Trades(Btc, 3)])));
        Assert.AreEqual(new LoadOutcome(0, 2, 0), await LoadAsync(left.Of(Trades(Btc, 3, 2))));

        var contents = await ReadAsync();
        Assert.HasCount(3, contents.Facts);
        Assert.AreEqual(IngestSource.Stream, contents.Facts[1].Source);
        Assert.AreEqual(new PositionRow(left.Partition, 4, 4, 2, 2, 0), contents.Positions[0]);
        Assert.AreEqual(new PositionRow(right.Partition, 2, 2, 1, 1, 0), contents.Positions[1]);
    }

    [TestMethod]
    public async Task LoadAsync_SymbolsInterleaved_EachHasItsOwnIds()
    {
        await LoadAsync(
            new BatchBuilder().Of([TestTrades.Of(Btc, 1), TestTrades.Of(Eth, 1), TestTrades.Of(Btc, 2), TestTrades.Of(Eth, 2)]));

        var contents = await ReadAsync();
        Assert.AreEqual(
            "BTCUSDT 1, BTCUSDT 2, ETHBTC 1, ETHBTC 2", string.Join(", ", contents.Facts.Select(fact => $"{fact.Ticker} {fact.TradeId}")));
        CollectionAssert.AreEqual(
            new[] { new CoverageRow("BTCUSDT", Ids(1, 2)), new CoverageRow("ETHBTC", Ids(1, 2)) }, contents.Coverage.ToArray());
    }

    [TestMethod]
    public async Task LoadAsync_AnotherSymbolTable_FindsTheSameSymbols()
    {
        // Ordinals mean nothing outside one table: ETHBTC has BTCUSDT's here.
        var other = new TradeModel.Symbols.SymbolTable();
        var eth = other.Intern("ETHBTC");
        var builder = new BatchBuilder();
        await LoadAsync(builder.Of(Trades(Btc, 1, 2)));

        await LoadAsync(builder.Of(TestTrades.Of(eth, 3)));

        Assert.AreEqual("ETHBTC", (await ReadAsync()).Facts.Single(fact => fact.TradeId == 3).Ticker);
    }

    [TestMethod]
    public async Task LoadAsync_LargestTradeId_IsStored()
    {
        await LoadAsync(new BatchBuilder().Of(TestTrades.Of(Btc, 0), TestTrades.Of(Btc, 1) with { TradeId = (1L << 40) - 1 }));

        var contents = await ReadAsync();
        CollectionAssert.AreEqual(new[] { 0, (1L << 40) - 1 }, contents.Facts.Select(fact => fact.TradeId).ToArray());
        Assert.AreEqual(Ids(1, (1L << 40) - 2), contents.Gaps.Single().Ids);
    }

    [TestMethod]
    public async Task LoadAsync_Amounts_AreExactOrNullWithTheReason()
    {
        var half = TestTrades.Of(Btc, 1) with { Price = Price.Parse("0.00000005"), Quantity = Quantity.Parse("0.5") };
        var large = TestTrades.Of(Btc, 2) with { Price = Price.Parse("92233720368"), Quantity = Quantity.Parse("1") };
        var tooLarge = TestTrades.Of(Btc, 3) with { Price = Price.Parse("92233720368"), Quantity = Quantity.Parse("1.1") };

        await LoadAsync(new BatchBuilder().Of(half, large, tooLarge, TestTrades.Of(Eth, 1)));

        var facts = (await ReadAsync()).Facts;
        Assert.AreEqual((Amount.Parse("0.00000002"), QualityFlags.None), (facts[0].Amount, facts[0].Flags));
        Assert.AreEqual((Amount.Parse("92233720368"), QualityFlags.None), (facts[1].Amount, facts[1].Flags));
        Assert.AreEqual((null, QualityFlags.AmountOutOfRange), (facts[2].Amount, facts[2].Flags));
        Assert.AreEqual((null, QualityFlags.NoUsdRate), (facts[3].Amount, facts[3].Flags));
    }

    [TestMethod]
    public async Task LoadAsync_FromSeveralThreadsBesideChanges_GivesWhatOneAfterTheOtherGives()
    {
        const int Partitions = 4;
        const int Batches = 12;
        var loads = Enumerable.Range(0, Partitions).Select(partition => Task.Run(
            async () =>
            {
                // Neighbors overlap by half: every trade but the outermost arrives twice, from two threads.
                var builder = new BatchBuilder(partition);
                for (var i = 0; i < Batches; i++)
                {
                    var from = ((partition + (i * Partitions)) * 50) + 1;
                    await LoadAsync(builder.Of(TestTrades.Range(Btc, from, from + 99)));
                }
            },
            Stop));
        var changes = Task.Run(
            async () =>
            {
                for (var i = 0; i < 20; i++)
                {
                    await ApplyAsync(Change("BTCUSDT", i, TestTrades.TimeOf(i * 100), (SymbolAttribute.Sector, $"sector {i}")));
                }
            },
            Stop);

        await Task.WhenAll([.. loads, changes]);

        var contents = await ReadAsync();
        const int Last = ((Partitions * Batches) + 1) * 50;
        Assert.AreEqual(new CoverageRow("BTCUSDT", Ids(1, Last)), contents.Coverage.Single());
        Assert.IsEmpty(contents.OpenGaps);
        Assert.HasCount(Last, contents.Facts);
        Assert.AreEqual(Partitions * Batches * 100, contents.Positions.Sum(position => position.Stored + position.Duplicates));
        foreach (var fact in contents.Facts)
        {
            var version = contents.Versions.Single(version => version.SymbolKey == fact.SymbolKey);
            Assert.IsTrue(
                version.ValidFrom <= fact.TradeTime && fact.TradeTime < version.ValidTo, $"{fact} is bound to {version.ValidFrom}");
        }
    }

    [TestMethod]
    public async Task LoadAsync_CanceledBeforehand_ChangesNothing()
    {
        using var canceled = new CancellationTokenSource();
        await canceled.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(
            async () => await Warehouse.LoadAsync(new BatchBuilder().Of(Trades(Btc, 1)), canceled.Token));

        Assert.IsEmpty((await ReadAsync()).Facts);
    }

    [TestMethod]
    public async Task Reopen_AfterEverythingHappened_HoldsAndDoesTheSame()
    {
        var builder = new BatchBuilder();
        await ApplyAsync(
            Change("BTCUSDT", 1, TestTrades.TimeOf(3), (SymbolAttribute.Sector, "a")),
            Change("BTCUSDT", 2, TestTrades.TimeOf(6), (SymbolAttribute.Sector, "b")));
        await LoadAsync(builder.Add(Trades(Btc, 1, 2, 5, 9)).AddUnreadable(Bytes("nonsense"), identity: "i1").Add(Trades(Eth, 4)).Build());
        await LoadAsync(
            builder.Of(TestTrades.Of(Btc, 7), TestTrades.Of(Btc, 8) with { Quantity = default, Source = IngestSource.Backfill }));
        var before = await ReadAsync();
        var coverage = await Warehouse.CoverageAsync(Stop);
        var positions = await Warehouse.PositionsAsync(Stop);

        await ReopenAsync();

        Assert.AreEqual(before.ToString(), (await ReadAsync()).ToString());
        Assert.AreEqual(Text(coverage), Text(await Warehouse.CoverageAsync(Stop)));
        CollectionAssert.AreEquivalent(positions.ToArray(), (await Warehouse.PositionsAsync(Stop)).ToArray());
        Assert.AreEqual(new LoadOutcome(3, 1, 0), await LoadAsync(builder.Of(Trades(Btc, 6, 5, 8, 10))));
        var rekeyed = await ApplyAsync(Change("BTCUSDT", 3, TestTrades.TimeOf(10), (SymbolAttribute.Sector, "c")));
        Assert.AreEqual(1, rekeyed.FactsRekeyed);

        static string Text(IReadOnlyList<SymbolCoverage> coverage) => string.Join(
            '\n',
            coverage.Select(symbol =>
                $"{symbol.Key} {symbol.SymbolId} {symbol.Captured} gaps {string.Join(' ', symbol.OpenGaps)}"));
    }
}
