using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>
/// What SQLite does for a change of one symbol, in steps of its machine: independent of what others have, and of how many versions there
/// are.
/// </summary>
[TestClass]
public sealed class DimensionWriterTests : IDisposable
{
    private const int StepsPerCount = 100;

    private readonly TemporaryFolder _folder = new();

    private string Path => _folder[SqliteWarehouse.FileName];

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Changes_OfOneSymbolAmongMany_ReadsItsOwnOnly()
    {
        await using (var warehouse = SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), new ManualTimeProvider()))
        {
            await warehouse.ApplyAsync(
                [.. Enumerable.Range(0, 5000).Select(i => Change($"S{i}USDT", 1, Timestamp.Epoch))], CancellationToken.None);
        }

        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        using var writer = new DimensionWriter(database, null);

        var steps = StepsOf(database, () => Assert.HasCount(1, writer.Changes(new NaturalKey(Exchange.Binance, "S2500USDT"))));

        Assert.IsLessThan(1000, steps);
    }

    [TestMethod]
    public async Task Rebind_ManyStretches_PassesOverTheFactsOnce()
    {
        const int Facts = 4000;
        var symbol = new SymbolTable().Intern("BTCUSDT");
        await using (var warehouse = SqliteWarehouse.Open(Path, new SqliteWarehouseOptions(), new ManualTimeProvider()))
        {
            var batch = new BatchBuilder();
            for (var i = 0; i < Facts; i++)
            {
                batch.Add(TestTrades.Of(symbol, i) with { TradeTime = At(i), EventTime = At(i), ReceivedTime = At(i) });
            }

            await warehouse.LoadAsync(batch.Build(), CancellationToken.None);
        }

        using var database = SqliteDatabase.OpenForWriting(Path, isDurable: false);
        var few = StepsOf(database, () => Assert.AreEqual(Facts, Rebind(database, 2, Facts)));
        var many = StepsOf(database, () => Assert.AreEqual(Facts, Rebind(database, 1000, Facts)));

        Assert.IsLessThan(few * 2, many);
    }

    /// <summary>Binds all facts to as many versions as told, and takes it back.</summary>
    private static long Rebind(SqliteDatabase database, int versions, int facts)
    {
        using var writer = new DimensionWriter(database, null);
        using var current = database.Prepare("SELECT min(valid_from) FROM DIM_SYMBOL_VERSIONS");
        var before = Version(new Timestamp(current.Scalar()!.Value), Timestamp.EndOfTime);
        var rebindings = Enumerable.Range(0, versions)
            .Select(i => new Rebinding(
                At((long)facts * i / versions), At((long)facts * (i + 1) / versions), before,
                Version(At((long)facts * i / versions), Timestamp.EndOfTime)))
            .ToArray();
        database.Execute("BEGIN");
        var bound = writer.Rebind(1, rebindings, new UsdAmount(UsdAmount.DefaultPeggedAssets), long.MaxValue);
        using var keys = database.Prepare("SELECT count(DISTINCT symbol_key) FROM FACT_TRADES");
        Assert.AreEqual(versions, keys.Scalar());
        database.Execute("ROLLBACK");
        return bound;
    }

    private static long StepsOf(SqliteDatabase database, Action work)
    {
        long counts = 0;
        SQLitePCL.raw.sqlite3_progress_handler(database.Handle, StepsPerCount, _ => (int)(++counts & 0), null);
        work();
        SQLitePCL.raw.sqlite3_progress_handler(database.Handle, 0, null, null);
        return counts * StepsPerCount;
    }

    private static Timestamp At(long second) => Timestamp.Parse("2026-01-01T00:00:00Z") + TimeSpan.FromSeconds(second);

    private static SymbolVersion Version(Timestamp from, Timestamp to) => new(
        new NaturalKey(Exchange.Binance, "BTCUSDT"), from, to, false, false, ImmutableSortedDictionary<SymbolAttribute, string?>.Empty);

    private static SymbolChange Change(string ticker, long sequence, Timestamp time) => new(
        ChangeSource.ReferenceFile, sequence, new NaturalKey(Exchange.Binance, ticker), ChangeOperation.Upsert, time, time,
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.Sector, "a"));
}
