using Crypto.TestSupport;
using Crypto.TradeIngest.Commands;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;
using Crypto.Warehouse.Tests.Snowflake;

namespace Crypto.EndToEnd.Tests;

/// <summary>What <c>status</c> says of dead letters and of summaries of floods, in either warehouse.</summary>
[TestClass]
public sealed class DeadLetterTotalsTests
{
    private static readonly Timestamp Received = Timestamp.Parse("2026-02-03T00:00:00Z");

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    public async Task Read_SqliteWithSummaries_CountsWhatTheyStandFor()
    {
        using var folder = new TemporaryFolder();
        await using (
            var warehouse = SqliteWarehouse.Open(
                folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), TimeProvider.System)) await LoadAsync(warehouse);

        using var reading = SqliteDatabase.OpenForReading(folder[SqliteWarehouse.FileName]);
        AssertCounts(WarehouseTotals.Read(reading));
    }

    [TestMethod]
    public async Task Read_SnowflakeWithSummaries_CountsWhatTheyStandFor()
    {
        await using var account = await TestAccount.StartAsync();
        await account.MigrateAsync(Stop);
        var empty = await WarehouseTotals.ReadAsync(account.NewSql(), Stop);
        Assert.AreEqual((0L, 0L, 0L), (empty.Rejected, empty.DeadLetters, empty.Summarized));
        await using (var warehouse = await account.OpenWarehouseAsync(checkpointInterval: TimeSpan.Zero)) await LoadAsync(warehouse);

        AssertCounts(await WarehouseTotals.ReadAsync(account.NewSql(), Stop));
    }

    private static void AssertCounts(WarehouseTotals totals) =>
        Assert.AreEqual((6L, 3L, 1234L), (totals.Rejected, totals.DeadLetters, totals.Summarized));

    private async Task LoadAsync(IWarehouse warehouse)
    {
        var letter = new DeadLetter(ErrorReason.MalformedJson, "stream frame", IngestSource.Stream, Received, "{"u8.ToArray());
        var flood = new DeadLetterFlood(new DeadLetterOptions(), TimeProvider.System);
        for (var i = 0; i < 1000; i++) flood.Hold(letter);
        for (var i = 0; i < 234; i++) flood.Hold(letter with { Reason = ErrorReason.MissingField });
        var namedLikeOne = letter with { Source = IngestSource.Replay, Detail = "summary of 5.csv, line 1: why" };
        DeadLetter[] letters = [letter, .. flood.Take(), letter, namedLikeOne];
        await LoadAsync(warehouse, Topics.DeadLetters, [.. letters.Select(DeadLetterJson.Write)]);
        await LoadAsync(warehouse, Topics.StockTrades, ["no trade"u8.ToArray()]);
    }

    private async Task LoadAsync(IWarehouse warehouse, string topic, byte[][] values)
    {
        using var decoder = new BatchDecoder("e1", topic, new SymbolTable());
        var records = values.Select((value, i) => new RawRecord(i, Received, value)).ToArray();
        await warehouse.LoadAsync(decoder.Decode(new ConsumedBatch(0, 0, records.Length, records)), Stop);
    }
}
