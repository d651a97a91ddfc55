using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Crypto.TestSupport;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>Each audit finds the damage that it is for, and no other audit cries out beside those that must.</summary>
[TestClass]
public sealed class SqliteAuditsTests : IDisposable
{
    private static readonly SqliteWarehouseOptions Options = new() { Ownership = AttributeOwnership.Shared };

    private const string Btc = "1 << 40 |";
    private const string Eth = "3 << 40 |";
    private const string Rest = "trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags";

    // Whoever writes past the service disturbs one of these, whatever else is wrong.
    private static readonly string[] TamperEvident =
        ["tables_as_written", "segments_equal_facts", "raw_as_written", "facts_equal_raw", "conservation"];

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    private string Path => _folder[SqliteWarehouse.FileName];

    /// <summary>
    /// BTCUSDT (id 1): two versions, the second from trade 50 on; trades 1 to 100 without 40 to 44, number 60 rejected, number 3 twice.
    /// EMPTYUSDT (2): no trade. ETHBTC (3): trades 1 to 10. NEWUSDT (4): inferred, trades 1 to 5. And one dead letter.
    /// </summary>
    [TestInitialize]
    public async Task FillAsync()
    {
        var symbols = new SymbolTable();
        var (btc, eth, unknown) = (symbols.Intern("BTCUSDT"), symbols.Intern("ETHBTC"), symbols.Intern("NEWUSDT"));
        await using var warehouse = SqliteWarehouse.Open(Path, Options, new ManualTimeProvider());
        await warehouse.ApplyAsync(
            [
                Describe("BTCUSDT", 1, Timestamp.Epoch, "a"), Describe("BTCUSDT", 2, TestTrades.TimeOf(50), "b"),
                Describe("ETHBTC", 3, Timestamp.Epoch, "c"), Describe("EMPTYUSDT", 4, Timestamp.Epoch, "d"),
            ],
            TestContext.CancellationToken);
        var builder = new BatchBuilder();
        await Load(builder
            .Add(TestTrades.Range(btc, 1, 39))
            .Add(TestTrades.Of(btc, 3))
            .Add(TestTrades.Range(eth, 1, 10))
            .Add(TestTrades.Range(unknown, 1, 5)));
        await Load(
            builder
                .Add(TestTrades.Range(btc, 45, 59))
                .Add(TestTrades.Of(btc, 60) with { Price = default })
                .Skip(2)
                .Add(TestTrades.Range(btc, 61, 100)));
        await Load(new BatchBuilder(topic: "stock_trades_dlq") { KeepRaw = false }.AddUnreadable([0xFF], ErrorReason.MalformedJson));

        async Task Load(BatchBuilder batch) => await warehouse.LoadAsync(batch.Build(), TestContext.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Run_HealthyWarehouse_PassesEveryAuditAndEachLookedAtSomething()
    {
        var results = Run();

        Assert.IsEmpty(FailingNames(results));
        Assert.HasCount(22, results);
        Assert.IsTrue(results.All(result => result is { Examined: > 0, Description.Length: > 0, Failing.Count: 0 }));
    }

    [TestMethod]
    public void Run_WithoutAnOracle_LeavesItsAuditsOut()
    {
        using var database = SqliteDatabase.OpenForReading(Path);

        var names = new SqliteAudits(database, Options).Run().Select(result => result.Name).ToArray();

        Assert.HasCount(20, names);
        Assert.IsFalse(names.Any(name => name.StartsWith("oracle", StringComparison.Ordinal)));
    }

    [TestMethod]
    [DataRow($"DELETE FROM FACT_TRADES WHERE fact_id = {Btc} 10", "BTCUSDT: coverage says [1, 39]", "coverage_equals_ids "
        + "segments_equal_facts")]
    [DataRow(
        "UPDATE TRADE_COVERAGE SET to_id = 6 WHERE symbol = 'NEWUSDT'",
        "NEWUSDT: coverage says [1, 6] stored, the rows say [1, 5]", "coverage_equals_ids")]
    [DataRow("DELETE FROM TRADE_COVERAGE WHERE symbol = 'NEWUSDT'", "the rows say [1, 5]", "coverage_equals_ids")]
    [DataRow("DELETE FROM REJECTED_TRADES WHERE trade_id = 60", "BTCUSDT: coverage says", "coverage_equals_ids conservation")]
    [DataRow(
        $"""
        INSERT INTO FACT_TRADES
        SELECT 1 << 40 | 9 << 17, symbol_key, trade_id, {Rest} FROM FACT_TRADES WHERE fact_id = {Eth} 1
        """,
        "symbol 9 is not registered and has rows [1, 1]", "coverage_equals_ids facts_inside_version segments_equal_facts")]
    public void Run_RowsAndCoverageDisagree_CoverageEqualsIdsTells(string sql, string row, string failing) => AssertFinds(
        "coverage_equals_ids", sql, row, failing);

    [TestMethod]
    public void Run_TradeStoredInTwoSegments_FactsUniqueTells() => AssertFinds(
        "facts_unique",
        $"""
        INSERT INTO FACT_TRADES SELECT row_id + (1 << 40), symbol_key, trade_id, {Rest} FROM FACT_TRADES WHERE fact_id = {Btc} 70;
        INSERT INTO FACT_SEGMENTS SELECT 2, 1, trade_time, trade_time, 0 FROM FACT_TRADES WHERE fact_id = {Btc} 70 LIMIT 1;
        UPDATE LOG_POSITIONS SET stored = stored + 1, duplicates = duplicates - 1 WHERE topic = 'stock_trades'
        """,
        "is stored more than once",
        "facts_unique");

    [TestMethod]
    [DataRow("UPDATE FACT_SEGMENTS SET facts = facts + 1", "segment 1: 110 facts")]
    [DataRow("UPDATE FACT_SEGMENTS SET first_trade_time = first_trade_time + 1", "it holds 109")]
    [DataRow("UPDATE FACT_SEGMENTS SET last_trade_time = last_trade_time + 1", "it holds 109")]
    [DataRow("UPDATE FACT_SEGMENTS SET checksum = checksum + 1", "its facts are not those that were written")]
    [DataRow("DELETE FROM FACT_SEGMENTS", "segment 1 holds 109 facts and is not listed")]
    public void Run_SegmentUnlikeItsFacts_SegmentsEqualFactsTells(string sql, string row) => AssertFinds(
        "segments_equal_facts", sql, row, "segments_equal_facts");

    [TestMethod]
    [DataRow(
        $"UPDATE FACT_TRADES SET symbol_key = (SELECT symbol_key FROM FACT_TRADES WHERE fact_id = {Btc} 1) WHERE fact_id = {Btc} 70",
        "BTCUSDT 70 at 2026-01-01T00:01:10.000000Z is bound to [1970-01-01T00:00:00.000000Z, 2026-01-01T00:00:50.000000Z)",
        "facts_inside_version")]
    [DataRow(
        $"""
        UPDATE FACT_TRADES SET symbol_key = (SELECT symbol_key FROM DIM_SYMBOL_VERSIONS WHERE ticker = 'EMPTYUSDT')
        WHERE fact_id = {Btc} 70
        """,
        "BTCUSDT 70 is bound to a version of BINANCE:EMPTYUSDT", "facts_inside_version")]
    [DataRow(
        $"UPDATE FACT_TRADES SET symbol_key = 12345 WHERE fact_id = {Btc} 70",
        "points to version 12345", "facts_inside_version views_equal_definition")]
    public void Run_FactOfAWrongVersion_FactsInsideVersionTells(string sql, string row, string failing) => AssertFinds(
        "facts_inside_version", sql, row, failing);

    [TestMethod]
    [DataRow(
        $"UPDATE FACT_TRADES SET total_amount_usd = total_amount_usd + 1 WHERE fact_id = {Btc} 70",
        "BTCUSDT 70: 50.00010991 with flags None")]
    [DataRow($"UPDATE FACT_TRADES SET total_amount_usd = NULL WHERE fact_id = {Btc} 70", "BTCUSDT 70")]
    [DataRow($"UPDATE FACT_TRADES SET total_amount_usd = 1 WHERE fact_id = {Eth} 7", "ETHBTC 7: 0.00000001 with flags NoUsdRate")]
    [DataRow($"UPDATE FACT_TRADES SET quality_flags = 2 WHERE fact_id = {Eth} 7", "ETHBTC 7:  with flags AmountOutOfRange")]
    public void Run_WrongAmountOrFlag_AmountsRecomputeTells(string sql, string row) => AssertFinds(
        "amounts_recompute", sql, row, "amounts_recompute");

    [TestMethod]
    [DataRow(
        $"""
        INSERT INTO FACT_TRADES SELECT row_id + 1, symbol_key, trade_id + 1, {Rest} FROM FACT_TRADES WHERE fact_id = {Btc} 100;
        UPDATE FACT_SEGMENTS SET facts = facts + 1 WHERE segment_id = 1;
        UPDATE TRADE_COVERAGE SET to_id = 101 WHERE symbol = 'BTCUSDT' AND to_id = 100;
        UPDATE LOG_POSITIONS SET stored = stored + 1, duplicates = duplicates - 1 WHERE topic = 'stock_trades'
        """,
        "BTCUSDT 101 was never traded")]
    [DataRow($"UPDATE FACT_TRADES SET price = price + 1 WHERE fact_id = {Eth} 7", "ETHBTC 7: stored 50.00000050 × 1.00000021 at")]
    [DataRow($"UPDATE FACT_TRADES SET quantity = quantity - 1 WHERE fact_id = {Eth} 7", "ETHBTC 7: stored 50.00000049 × 1.00000020 at")]
    [DataRow($"UPDATE FACT_TRADES SET aggressor_side = 1 WHERE fact_id = {Eth} 7", "Buy, traded")]
    [DataRow($"UPDATE FACT_TRADES SET trade_time = trade_time + 1 WHERE fact_id = {Eth} 7", "2026-01-01T00:00:07.000001Z")]
    public void Run_FactUnlikeTheTruth_OracleEqualTells(string sql, string row) => AssertFinds("oracle_equal", sql, row, "oracle_equal");

    [TestMethod]
    public void Run_TradeLostWithoutATrace_OracleMissingTells() => AssertFinds(
        "oracle_missing",
        $"""
        DELETE FROM FACT_TRADES WHERE fact_id = {Eth} 10;
        UPDATE TRADE_COVERAGE SET to_id = 9 WHERE symbol = 'ETHBTC';
        UPDATE LOG_POSITIONS SET stored = stored - 1, duplicates = duplicates + 1 WHERE topic = 'stock_trades'
        """,
        "ETHBTC: produced [1, 10], stored [1, 9]",
        "oracle_missing segments_equal_facts");

    [TestMethod]
    [DataRow(
        """
        INSERT INTO TRADE_GAPS (symbol_id, symbol, from_id, to_id, found, state)
        VALUES (4, 'NEWUSDT', 2, 3, '2026-01-01T00:00:00Z', 'OPEN')
        """,
        "NEWUSDT: gap [2, 3] is no hole")]
    [DataRow("DELETE FROM TRADE_GAPS", "BTCUSDT: hole [40, 44] stands in no gap")]
    [DataRow("UPDATE TRADE_GAPS SET state = 'FILLED', closed = found", "BTCUSDT: hole [40, 44] stands in no gap")]
    [DataRow("UPDATE TRADE_GAPS SET to_id = 43", "BTCUSDT: gap [40, 43] is no hole")]
    public void Run_LedgerAndHolesDisagree_GapsEqualHolesTells(string sql, string row) => AssertFinds(
        "gaps_equal_holes", sql, row, "gaps_equal_holes");

    [TestMethod]
    [DataRow(
        "UPDATE LOG_POSITIONS SET duplicates = duplicates + 1 WHERE topic = 'stock_trades'",
        "stock_trades/0: 111 records, 109 + 2 + 1")]
    [DataRow(
        "UPDATE LOG_POSITIONS SET stored = stored + 1, duplicates = duplicates - 1 WHERE topic = 'stock_trades'",
        "FACT_TRADES holds 109 trades, the positions say 110")]
    [DataRow("DELETE FROM REJECTED_TRADES WHERE trade_id IS NULL", "REJECTED_TRADES holds 1 trades, the positions say 2")]
    public void Run_CountersAndRowsDisagree_ConservationTells(string sql, string row) => AssertFinds(
        "conservation", sql, row, "conservation");

    [TestMethod]
    [DataRow("DELETE FROM RAW_BATCHES WHERE first_offset = 0", "stock_trades/0: 111 read, 56 kept")]
    [DataRow("DELETE FROM RAW_BATCHES", "stock_trades/0: 111 read, 0 kept")]
    [DataRow("UPDATE LOG_POSITIONS SET next_offset = 100 WHERE topic = 'stock_trades'", "stock_trades/0: raw ends at 113, the position is "
        + "100")]
    public void Run_RawRowsMissing_RawEqualsPositionsTells(string sql, string row) => AssertFinds(
        "raw_equals_positions", sql, row, "raw_equals_positions");

    [TestMethod]
    [DataRow(
        "DROP VIEW SILVER_TRADES; CREATE VIEW SILVER_TRADES AS SELECT * FROM CONSUMPTION_TRADES",
        "SILVER_TRADES shows 109 rows of 109 facts and 2 rejections")]
    [DataRow(
        """
        DROP VIEW CONSUMPTION_TRADES;
        CREATE VIEW CONSUMPTION_TRADES AS SELECT 'x' AS ticker, 1 AS trade_id, 1 AS trade_time, 1 AS price, 1 AS quantity,
            1 AS total_amount_usd, 1 AS aggressor_side, 1 AS ingest_source
        """,
        "CONSUMPTION_TRADES shows 1 rows of 109 facts")]
    public void Run_ViewReplaced_ViewsEqualDefinitionTells(string sql, string row) => AssertFinds(
        "views_equal_definition", sql, row, "views_equal_definition");

    [TestMethod]
    [DataRow("valid_to - 1", "BINANCE:EMPTYUSDT has 0 current versions", "unique_current_version dimension_rebuild")]
    public void Run_NoCurrentVersion_UniqueCurrentVersionTells(string validTo, string row, string failing) => AssertFinds(
        "unique_current_version", $"UPDATE DIM_SYMBOL_VERSIONS SET valid_to = {validTo} WHERE ticker = 'EMPTYUSDT'", row, failing);

    [TestMethod]
    [DataRow(0)]
    [DataRow(5)]
    public void Run_SecondCurrentVersion_UniqueCurrentVersionTells(long validFrom) => AssertFinds(
        "unique_current_version",
        $"""
        INSERT INTO DIM_SYMBOL_VERSIONS
        SELECT symbol_key + 1, symbol_id, ticker, base_asset, quote_asset, 'another', risk_level, status, tick_size, step_size,
               {validFrom}, valid_to, is_deleted, is_inferred, change_hash, recorded_from, recorded_to
        FROM DIM_SYMBOL_VERSIONS WHERE ticker = 'EMPTYUSDT'
        """,
        "BINANCE:EMPTYUSDT has 2 current versions",
        "unique_current_version mutually_exclusive_ranges key_integrity dimension_rebuild");

    [TestMethod]
    public void Run_Overlap_MutuallyExclusiveRangesTells() => AssertFinds(
        "mutually_exclusive_ranges",
        "UPDATE DIM_SYMBOL_VERSIONS SET valid_to = valid_to + 1 WHERE ticker = 'BTCUSDT' AND sector = 'a'",
        "BINANCE:BTCUSDT: [1970-01-01T00:00:00.000000Z, 2026-01-01T00:00:50.000001Z) overlaps the version from 2026-01-01T00:00:50.000000Z",
        "mutually_exclusive_ranges dimension_rebuild");

    [TestMethod]
    [DataRow(
        "SET valid_to = valid_to - 1 WHERE ticker = 'BTCUSDT' AND sector = 'a'",
        "BINANCE:BTCUSDT: nothing is valid in [2026-01-01T00:00:49.999999Z, 2026-01-01T00:00:50.000000Z)",
        "no_holes dimension_rebuild")]
    [DataRow(
        "SET valid_from = 1 WHERE ticker = 'EMPTYUSDT'",
        "BINANCE:EMPTYUSDT starts at 1970-01-01T00:00:00.000001Z", "no_holes key_integrity dimension_rebuild")]
    public void Run_Hole_NoHolesTells(string change, string row, string failing) => AssertFinds(
        "no_holes", $"UPDATE DIM_SYMBOL_VERSIONS {change}", row, failing);

    [TestMethod]
    public void Run_EqualNeighbors_NeighborsDifferTells() => AssertFinds(
        "neighbors_differ",
        "UPDATE DIM_SYMBOL_VERSIONS SET sector = 'a' WHERE ticker = 'BTCUSDT'",
        "BINANCE:BTCUSDT: the versions from 1970-01-01T00:00:00.000000Z and 2026-01-01T00:00:50.000000Z are equal",
        "neighbors_differ dimension_rebuild");

    [TestMethod]
    [DataRow(
        "UPDATE DIM_SYMBOL_VERSIONS SET symbol_key = 77 WHERE ticker = 'EMPTYUSDT'",
        "BINANCE:EMPTYUSDT from 1970-01-01T00:00:00.000000Z: key 77", "key_integrity")]
    [DataRow(
        """
        DROP INDEX DIM_SYMBOL_VERSIONS_CURRENT;
        UPDATE DIM_SYMBOL_VERSIONS SET recorded_from = recorded_from + 1,
            symbol_key = (SELECT symbol_key FROM DIM_SYMBOL_VERSIONS WHERE ticker = 'NEWUSDT') WHERE ticker = 'EMPTYUSDT'
        """,
        "stands for", "views_equal_definition key_integrity dimension_rebuild")]
    public void Run_WrongKey_KeyIntegrityTells(string sql, string row, string failing) => AssertFinds("key_integrity", sql, row, failing);

    [TestMethod]
    [DataRow(
        "DELETE FROM SYMBOL_CHANGES WHERE sequence = 2",
        "missing: BINANCE:BTCUSDT valid [1970-01-01T00:00:00.000000Z, 9999-12-31T00:00:00.000000Z)")]
    [DataRow("DELETE FROM SYMBOL_CHANGES WHERE ticker = 'EMPTYUSDT'", "not given by the log of changes: BINANCE:EMPTYUSDT")]
    [DataRow("UPDATE DIM_SYMBOL_VERSIONS SET risk_level = 'LOW' WHERE ticker = 'EMPTYUSDT'", "BINANCE:EMPTYUSDT")]
    public void Run_LogAndDimensionDisagree_DimensionRebuildTells(string sql, string row) => AssertFinds(
        "dimension_rebuild", sql, row, "dimension_rebuild");

    [TestMethod]
    public void Run_DamagedPage_FileIntegrityTells()
    {
        // The pages of an index that no audit reads: found by nothing but the check of the file.
        Overwrite("SYMBOL_CHANGES_BY_KEY");

        var results = Run();

        CollectionAssert.AreEqual(new[] { "file_integrity" }, FailingNames(results));
        Assert.IsNotEmpty(results[0].Failing);
    }

    [TestMethod]
    public void Run_DamagedPageOfFacts_FileIntegrityTells()
    {
        Overwrite("FACT_TRADES");

        Assert.AreEqual("file_integrity", FailingNames(Run())[0]);
    }

    [TestMethod]
    public void Run_ManyBrokenRows_CountsAllAndListsTheFirst()
    {
        SqliteContents.Tamper(Path, "UPDATE FACT_TRADES SET quality_flags = 4");

        var result = Run().Single(result => result.Name == "amounts_recompute");

        Assert.AreEqual(109, result.FailingCount);
        Assert.HasCount(AuditResult.MaxFailing, result.Failing);
    }

    private static SymbolChange Describe(string ticker, long sequence, Timestamp validTime, string sector) => new(
        ChangeSource.ReferenceFile, sequence, new NaturalKey(Exchange.Binance, ticker), ChangeOperation.Upsert, validTime, validTime,
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty
            .Add(SymbolAttribute.QuoteAsset, ticker == "ETHBTC" ? "BTC" : ticker == "EMPTYUSDT" ? "EUR" : "USDT")
            .Add(SymbolAttribute.Sector, sector));

    private static string[] FailingNames(IEnumerable<AuditResult> results) =>
        [.. results.Where(result => !result.Passed).Select(result => result.Name)];

    private void AssertFinds(string audit, string sql, string row, string failing)
    {
        SqliteContents.Tamper(Path, sql);

        var results = Run();

        var all = string.Join('\n', results.SelectMany(result => result.Failing.Select(text => $"{result.Name}: {text}")));
        var expected = failing.Split(' ');
        CollectionAssert.IsSubsetOf(expected, FailingNames(results), all);
        CollectionAssert.AreEquivalent(
            expected.Except(TamperEvident).ToArray(), FailingNames(results).Except(TamperEvident).ToArray(), all);
        var found = results.Single(result => result.Name == audit).Failing;
        Assert.IsTrue(found.Any(text => text.Contains(row, StringComparison.Ordinal)), all);
    }

    private IReadOnlyList<AuditResult> Run()
    {
        using var database = SqliteDatabase.OpenForReading(Path);
        return new SqliteAudits(database, Options, new Oracle()).Run();
    }

    private void Overwrite(string table)
    {
        SqliteContents.Tamper(Path, "PRAGMA wal_checkpoint(TRUNCATE)");
        long page;
        int size;
        using (var database = SqliteDatabase.OpenForReading(Path))
        {
            var sql = $"SELECT rootpage FROM sqlite_master WHERE name = '{table}'";
            page = SqliteContents.Rows(database, sql, row => row.GetInt64(0)).Single();
            size = SqliteContents.Rows(database, "PRAGMA page_size", row => row.GetInt32(0)).Single();
        }

        using var file = File.OpenHandle(Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var garbage = new byte[size];
        new Random(1).NextBytes(garbage);
        RandomAccess.Write(file, garbage, (page - 1) * size);
    }

    /// <summary>Knows the trades of the tests; which ids must be there it tells of ETHBTC only, for BTCUSDT has a gap.</summary>
    private sealed class Oracle : ITradeOracle
    {
        private readonly SymbolTable _symbols = new();

        public IReadOnlyCollection<string> Tickers => ["ETHBTC"];

        public IdRange? Produced(string ticker) => ticker == "ETHBTC" ? new IdRange(1, 10) : null;

        public bool TryGet(string ticker, long tradeId, [MaybeNullWhen(false)] out TradeContent trade)
        {
            var truth = TestTrades.Of(_symbols.Intern(ticker), tradeId);
            trade = new TradeContent(truth.Price, truth.Quantity, truth.TradeTime, truth.Aggressor);
            return tradeId is >= 1 and <= 100;
        }
    }
}
