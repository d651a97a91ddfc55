using System.Text.Json;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests;

public abstract partial class WarehouseContract
{
    private static readonly (string Reason, Func<Trade, Trade> Spoil)[] BrokenRules =
    [
        ("price_not_positive", trade => trade with { Price = default }),
        ("price_not_positive", trade => trade with { Price = Price.Parse("-1") }),
        ("quantity_not_positive", trade => trade with { Quantity = default }),
        ("quantity_not_positive", trade => trade with { Quantity = new Quantity(long.MinValue) }),
        ("time_out_of_range", trade => trade with { TradeTime = Timestamp.Epoch }),
        ("time_out_of_range", trade => trade with { EventTime = trade.ReceivedTime + TimeSpan.FromDays(2) }),
    ];

    [TestMethod]
    public async Task LoadAsync_TradesThatBreakARule_AreRejectedWithTheReasonAndCountAsMissing()
    {
        var builder = new BatchBuilder();
        var spoiled = BrokenRules.Select((rule, i) => rule.Spoil(TestTrades.Of(Btc, i + 2))).ToArray();

        var outcome = await LoadAsync(builder.Of([TestTrades.Of(Btc, 1), .. spoiled, TestTrades.Of(Btc, BrokenRules.Length + 2)]));

        Assert.AreEqual(new LoadOutcome(2, 0, BrokenRules.Length), outcome);
        var contents = await ReadAsync();
        CollectionAssert.AreEqual(BrokenRules.Select(rule => rule.Reason).ToArray(), contents.Rejected.Select(row => row.Reason).ToArray());
        Assert.AreEqual("[1, 1] STORED, [2, 7] QUARANTINED, [8, 8] STORED", States(contents));
        Assert.AreEqual("2-7 OPEN", await GapsAsync());
        for (var i = 0; i < spoiled.Length; i++)
        {
            Assert.AreEqual(("BTCUSDT", i + 2), (contents.Rejected[i].Ticker, contents.Rejected[i].TradeId));
            Assert.AreEqual(
                ErrorReason.None, TradeJson.TryRead(Convert.FromHexString(contents.Rejected[i].ContentHex), Symbols, out var kept));
            Assert.AreEqual(spoiled[i], kept);
        }
    }

    [TestMethod]
    public async Task LoadAsync_TradeIdOutOfRange_IsRejectedEachTimeAndNotCovered()
    {
        var negative = TestTrades.Of(Btc, 1) with { TradeId = -1 };
        var huge = TestTrades.Of(Btc, 1) with { TradeId = 1L << 40 };

        var outcome = await LoadAsync(new BatchBuilder().Of(negative, huge, huge, TestTrades.Of(Btc, 5)));

        Assert.AreEqual(new LoadOutcome(1, 0, 3), outcome);
        var contents = await ReadAsync();
        Assert.IsTrue(contents.Rejected.All(row => row.Reason == "trade_id_out_of_range"));
        Assert.AreEqual(new CoverageRow("BTCUSDT", Ids(5, 5)), contents.Coverage.Single());
    }

    [TestMethod]
    public async Task LoadAsync_HistoryItselfHasNoValidTrade_ClosesTheGapAsRejected()
    {
        var builder = new BatchBuilder();
        var streamed = TestTrades.Of(Btc, 2) with { Price = default };
        await LoadAsync(builder.Of(TestTrades.Of(Btc, 1), streamed, TestTrades.Of(Btc, 3)));
        Assert.AreEqual("2-2 OPEN", await GapsAsync());

        var fetched = streamed with { Source = IngestSource.Backfill };
        Assert.AreEqual(new LoadOutcome(0, 0, 1), await LoadAsync(builder.Of(fetched)));

        Assert.AreEqual("[1, 1] STORED, [2, 2] REJECTED, [3, 3] STORED", States(await ReadAsync()));
        Assert.AreEqual("2-2 FILLED", await GapsAsync());
        Assert.AreEqual(new LoadOutcome(0, 2, 0), await LoadAsync(builder.Of(fetched, streamed)));
    }

    [TestMethod]
    public async Task LoadAsync_TimeOutOfRange_NeverClosesAGapWhateverTheSource()
    {
        // As a clock gives it that is two days slow.
        var builder = new BatchBuilder();
        foreach (var source in new[] { IngestSource.Stream, IngestSource.Backfill, IngestSource.Replay })
        {
            await LoadAsync(builder.Of([.. TestTrades.Range(Btc, 1, 10).Select(trade => trade with
            {
                Source = source,
                ReceivedTime = trade.ReceivedTime + -TimeSpan.FromDays(2),
            })]));
        }

        Assert.AreEqual("[1, 10] QUARANTINED", States(await ReadAsync()));
        Assert.AreEqual("1-10 OPEN", await GapsAsync());
        var coverage = (await Warehouse.CoverageAsync(Stop)).Single();
        Assert.IsEmpty(coverage.Covered);
        Assert.AreEqual((0L, 10L), (coverage.Count(CoverageState.Stored), coverage.Count(CoverageState.Quarantined)));

        Assert.AreEqual(new LoadOutcome(10, 0, 0), await LoadAsync(builder.Of(TestTrades.Range(Btc, 1, 10))));
        Assert.AreEqual("[1, 10] STORED", States(await ReadAsync()));
        Assert.AreEqual("1-10 FILLED", await GapsAsync());
    }

    [TestMethod]
    [DataRow(IngestSource.Stream)]
    [DataRow(IngestSource.Backfill)]
    public async Task LoadAsync_ValidCopyOfARejectedTrade_IsStored(IngestSource source)
    {
        var builder = new BatchBuilder();
        var spoiled = TestTrades.Of(Btc, 2) with { Price = default, Source = source };
        await LoadAsync(builder.Of(TestTrades.Of(Btc, 1), spoiled, TestTrades.Of(Btc, 3)));

        Assert.AreEqual(new LoadOutcome(1, 1, 0), await LoadAsync(builder.Of(spoiled, TestTrades.Of(Btc, 2))));

        var contents = await ReadAsync();
        Assert.HasCount(3, contents.Facts);
        Assert.AreEqual("[1, 3] STORED", States(contents));
        Assert.IsEmpty(contents.OpenGaps);
        Assert.HasCount(1, contents.Rejected);
    }

    [TestMethod]
    public async Task LoadAsync_InvalidCopyOfAStoredTrade_IsKeptAndChangesNothing()
    {
        var builder = new BatchBuilder();
        await LoadAsync(builder.Of(Trades(Btc, 1)));

        Assert.AreEqual(new LoadOutcome(0, 0, 1), await LoadAsync(builder.Of(TestTrades.Of(Btc, 1) with { Price = default })));

        var contents = await ReadAsync();
        Assert.AreEqual(TestTrades.Of(Btc, 1).Price, contents.Facts.Single().Price);
        Assert.AreEqual("[1, 1] STORED", States(contents));
    }

    [TestMethod]
    public async Task LoadAsync_QuarantinedIdsAtTheEdges_WidenTheirGap()
    {
        var builder = new BatchBuilder();
        var found = Timestamp.Now(Clock);
        await LoadAsync(builder.Of(Spoiled(5)));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await LoadAsync(builder.Of(Spoiled(6), Spoiled(3)));
        Assert.AreEqual("3-6 OPEN", await GapsAsync());
        Assert.AreEqual(found, (await ReadAsync()).Gaps.Single().Found);

        await LoadAsync(builder.Of(Trades(Btc, 4, 9)));
        Assert.AreEqual("3-3 OPEN, 5-8 OPEN", await GapsAsync());
        await LoadAsync(builder.Of(Trades(Btc, 3, 5, 6, 7, 8)));
        Assert.IsEmpty((await ReadAsync()).OpenGaps);

        Trade Spoiled(long id) => TestTrades.Of(Btc, id) with { Price = default };
    }

    [TestMethod]
    public async Task LoadAsync_UnreadableRecords_KeepTheirBytesAndRawStaysReadable()
    {
        byte[][] values =
        [
            [], [0], [0xFF, 0xFE, 0x80], Bytes("{\"a\":"), Bytes("not json"), Bytes("\"text\""), Bytes("17"), Bytes("null"), Bytes("[1,2]"),
            Bytes("{\"symbol\":\"X\",\"a\":\"\\ud800\"}"), Bytes("{\"symbol\":\"X\"} trailing"), Bytes("{\"symbol\":\"readable\"}"),
            Bytes("]"),
            [.. Bytes("{\"a\":\""), 0xC3, 0x28, .. Bytes("\"}")], Bytes("// comment"), [0xEF, 0xBB, 0xBF, .. Bytes("{}")],
        ];
        var builder = new BatchBuilder();
        builder.Add(Trades(Btc, 1));
        foreach (var value in values) builder.AddUnreadable(value);
        builder.Add(Trades(Btc, 2));

        var outcome = await LoadAsync(builder.Build());

        Assert.AreEqual(new LoadOutcome(2, 0, values.Length), outcome);
        var contents = await ReadAsync();
        CollectionAssert.AreEqual(values.Select(Convert.ToHexString).ToArray(), contents.Rejected.Select(row => row.ContentHex).ToArray());
        Assert.HasCount(values.Length + 2, contents.Raw);
        foreach (var row in contents.Raw)
        {
            using var content = JsonDocument.Parse(row.Content);
            var isTrade = row.Offset is 0 || row.Offset == values.Length + 1;
            if (isTrade) Assert.AreEqual("BTCUSDT", content.RootElement.GetProperty("symbol").GetString());
            else if (content.RootElement.TryGetProperty("unreadable", out var bytes))
            {
                CollectionAssert.AreEqual(values[row.Offset - 1], bytes.GetBytesFromBase64());
            }
            else
            {
                Assert.AreEqual(Convert.ToHexString(values[row.Offset - 1]), Convert.ToHexString(Bytes(row.Content)));
            }
        }

        Assert.AreEqual("BTCUSDT,readable,BTCUSDT", string.Join(',', (await BronzeSymbolsAsync()).Where(symbol => symbol is not null)));
    }

    [TestMethod]
    public async Task LoadAsync_SameIdentityAgain_IsADuplicate()
    {
        var builder = new BatchBuilder(topic: "stock_trades_dlq") { KeepRaw = false };
        await LoadAsync(builder.AddUnreadable(Bytes("bad line"), ErrorReason.MalformedLine, identity: "file:1").Build());

        var again = await LoadAsync(
            builder
                .AddUnreadable(Bytes("bad line"), ErrorReason.MalformedLine, identity: "file:1")
                .AddUnreadable(Bytes("bad line"), ErrorReason.MalformedLine, identity: "file:2")
                .AddUnreadable(Bytes("bad line"), ErrorReason.MalformedLine, identity: "file:2")
                .AddUnreadable(Bytes("live"))
                .AddUnreadable(Bytes("live"))
                .Build());

        Assert.AreEqual(new LoadOutcome(0, 2, 3), again);
        var contents = await ReadAsync();
        Assert.HasCount(4, contents.Rejected);
        Assert.IsEmpty(contents.Raw);
        Assert.AreEqual(new PositionRow(builder.Partition, 6, 6, 0, 2, 4), contents.Positions.Single());
    }

    private static string States(WarehouseContents contents) =>
        string.Join(", ", contents.Coverage.Select(row => $"{row.Ids} {row.State}"));

    /// <summary>The column <c>symbol</c> of <c>BRONZE_TRADES</c> in offset order.</summary>
    private protected abstract Task<IReadOnlyList<string?>> BronzeSymbolsAsync();
}
