using Crypto.TestSupport;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>A byte that changes on the disk is found, or has changed nothing.</summary>
[TestClass]
public sealed class BitRotTests : IDisposable
{
    private static readonly SqliteWarehouseOptions Options = new() { Ownership = AttributeOwnership.Shared };

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Audits_AnyByteOfTheFileChanged_FindItUnlessNothingChanged()
    {
        var path = _folder[SqliteWarehouse.FileName];
        await FillAsync(path);
        SqliteContents.AssertSound(path, Options);
        var sound = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        var contents = SqliteContents.Dump(path);
        var random = new Random(20261121);
        var found = 0;
        for (var i = 0; i < 100; i++)
        {
            var rotten = sound.ToArray();
            var at = random.Next(rotten.Length);
            rotten[at] ^= (byte)(1 << random.Next(8));
            var copy = _folder[$"rotten-{i}.db"];
            await File.WriteAllBytesAsync(copy, rotten, TestContext.CancellationToken);
            if (IsFound(copy)) found++;
            else Assert.AreEqual(contents, SqliteContents.Dump(copy), $"byte {at} of {rotten.Length} goes unseen");
            File.Delete(copy);
        }

        Assert.IsGreaterThan(50, found);
    }

    private static bool IsFound(string path)
    {
        try
        {
            using var database = SqliteDatabase.OpenForReading(path);
            return new SqliteAudits(database, Options).Run().Any(result => !result.Passed);
        }
        catch (StorageException)
        {
            return true;
        }
    }

    private async Task FillAsync(string path)
    {
        var symbols = new SymbolTable();
        var (btc, eth) = (symbols.Intern("BTCUSDT"), symbols.Intern("ETHBTC"));
        await using var warehouse = SqliteWarehouse.Open(path, Options, new ManualTimeProvider());
        var builder = new BatchBuilder();
        await Load(builder.Add([.. TestTrades.Range(btc, 1, 400), .. TestTrades.Range(eth, 1, 100)]));
        await Load(builder.Add(TestTrades.Of(btc, 401) with { Price = default })
            .AddUnreadable([1, 2, 3], identity: "one")
            .Add(TestTrades.Range(btc, 410, 500)));
        await Load(builder.Add(TestTrades.Of(btc, 7) with { Aggressor = AggressorSide.Buy, Source = IngestSource.Correction }));
        await Load(new BatchBuilder(topic: "stock_trades_dlq") { KeepRaw = false }.AddUnreadable([0xFF], ErrorReason.MalformedJson));
        await warehouse.ApplyAsync(
            [.. Enumerable.Range(0, 40).Select(i => new SymbolChange(
                i % 2 == 0
                    ? ChangeSource.ReferenceFile
                    : ChangeSource.ChangeDataCapture, i, SymbolKeyOf(i), ChangeOperation.Upsert, TestTrades.TimeOf(i * 10),
                Timestamp.Epoch, System.Collections.Immutable.ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(
                    SymbolAttribute.Sector, $"sector {i}")))],
            TestContext.CancellationToken);

        async Task Load(BatchBuilder batch) => await warehouse.LoadAsync(batch.Build(), TestContext.CancellationToken);

        static NaturalKey SymbolKeyOf(int i) => new(Exchange.Binance, i % 3 == 0 ? "ETHBTC" : "BTCUSDT");
    }
}
