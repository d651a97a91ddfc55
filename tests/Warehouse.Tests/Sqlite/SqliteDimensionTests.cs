using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Crypto.Warehouse.Tests.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>The tables on disk are a function of the set of changes, whatever order, batching and repetition they came in.</summary>
[TestClass]
public sealed class SqliteDimensionTests
{
    private static readonly string[] Tickers = ["AAAUSDT", "BBBUSDT", "CCCBTC"];

    private static readonly Gen<SymbolChange> Change =
        from change in Changes.Any
        from ticker in Gen.Elements(Tickers)
        from day in Gen.Choose(1, 6)
        select change with { Key = new NaturalKey(Exchange.Binance, ticker), RecordedTime = Timestamp.Parse($"2026-01-0{day}T00:00:00Z") };

    private static readonly Gen<(SymbolChange[] First, SymbolChange[] Second, int Size)> Arrivals =
        from changes in Gen.ArrayOf(Change, 12)
        from repeated in Gen.SubListOf(changes)
        from order in Gen.Shuffle(changes.Concat(repeated).ToArray())
        from size in Gen.Choose(1, 5)
        select (changes, order.ToArray(), size);

    [TestMethod]
    public void Apply_AnyOrderBatchingAndRepetition_GivesByteIdenticalTables() =>
        Prop.ForAll(Arrivals.ToArbitrary(), arrival =>
        {
            var once = DumpAsync(arrival.First, arrival.First.Length).GetAwaiter().GetResult();
            var piecemeal = DumpAsync(arrival.Second, arrival.Size).GetAwaiter().GetResult();
            Assert.AreEqual(once, piecemeal);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    private static async Task<string> DumpAsync(SymbolChange[] changes, int batch)
    {
        using var folder = new TemporaryFolder();
        var path = folder[SqliteWarehouse.FileName];
        var options = new SqliteWarehouseOptions { Ownership = AttributeOwnership.Shared };
        await using (var warehouse = SqliteWarehouse.Open(path, options, new ManualTimeProvider()))
        {
            // Symbols get their ids, and facts are there to be bound, before the first change.
            var table = new SymbolTable();
            foreach (var ticker in Tickers) await warehouse.LoadAsync(TradesOf(table.Intern(ticker)), CancellationToken.None);
            foreach (var part in changes.Chunk(batch)) await warehouse.ApplyAsync(part, CancellationToken.None);
            Assert.AreEqual(0, (await warehouse.RebuildDimensionAsync(CancellationToken.None)).Different);
        }

        SqliteContents.AssertSound(path, options);
        using var database = SqliteDatabase.OpenForReading(path);
        var dump = new StringBuilder();
        Dump("SELECT * FROM SYMBOLS ORDER BY symbol_id");
        Dump("SELECT source, sequence, ticker, operation, valid_time, recorded_time, attributes, hash FROM SYMBOL_CHANGES ORDER BY hash");
        Dump("SELECT * FROM DIM_SYMBOL_VERSIONS ORDER BY symbol_key, recorded_from");
        Dump("SELECT * FROM SYMBOL_CONFLICTS ORDER BY symbol_id, attribute, valid_time, loser_hash");
        Dump("SELECT * FROM FACT_TRADES ORDER BY fact_id");
        return dump.ToString();

        void Dump(string sql)
        {
            using var query = SqliteQuery.Prepare(database, sql);
            while (query.Step())
            {
                for (var i = 0; i < query.Columns.Count; i++) dump.Append(query.Value(i)).Append('|');
                dump.AppendLine();
            }
        }
    }

    /// <summary>Trades around the instants at which the changes hold.</summary>
    private static Crypto.Warehouse.Loading.WarehouseBatch TradesOf(Symbol symbol)
    {
        string[] times = ["2019-06-01", "2020-01-01", "2020-06-01", "2021-06-01", "2021-12-31", "2022-01-01", "2026-01-01"];
        var builder = new BatchBuilder(topic: symbol.Ticker);
        foreach (var (time, id) in times.Select((time, id) => (Timestamp.Parse(time), id)))
        {
            builder.Add(TestTrades.Of(symbol, id) with { TradeTime = time, EventTime = time, ReceivedTime = time });
        }

        return builder.Build();
    }
}
