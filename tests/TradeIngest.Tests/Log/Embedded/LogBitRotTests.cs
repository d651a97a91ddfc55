using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.Warehouse;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Tests.Log.Embedded;

/// <summary>A byte of the log's file that changes on the disk is found, or has changed nothing.</summary>
[TestClass]
public sealed class LogBitRotTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Audits_AnyByteOfTheFileChanged_FindItUnlessNothingChanged()
    {
        var path = _folder[EmbeddedTradeLog.FileName];
        var positions = await FillAsync(path);
        Assert.IsTrue(EmbeddedLogAudit.Run(path, positions).All(result => result is { Passed: true, Examined: > 0 }));
        var sound = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        var contents = Dump(path);
        var random = new Random(20261121);
        var found = 0;
        for (var i = 0; i < 100; i++)
        {
            var rotten = sound.ToArray();
            var at = random.Next(rotten.Length);
            rotten[at] ^= (byte)(1 << random.Next(8));
            var copy = _folder[$"rotten-{i}.db"];
            await File.WriteAllBytesAsync(copy, rotten, TestContext.CancellationToken);
            if (IsFound(copy, positions)) found++;
            else Assert.AreEqual(contents, Dump(copy), $"byte {at} of {rotten.Length} goes unseen");
            File.Delete(copy);
        }

        Assert.IsGreaterThan(50, found);
    }

    private static bool IsFound(string path, IReadOnlyList<KeyValuePair<LogPartition, long>> positions)
    {
        try
        {
            return EmbeddedLogAudit.Run(path, positions).Any(result => !result.Passed);
        }
        catch (StorageException)
        {
            return true;
        }
    }

    private async Task<IReadOnlyList<KeyValuePair<LogPartition, long>>> FillAsync(string path)
    {
        await using var log = EmbeddedTradeLog.Open(path, new EmbeddedTradeLogOptions { Partitions = 2 }, new ManualTimeProvider());
        using var records = new RecordBatch();
        for (var batch = 0; batch < 30; batch++)
        {
            records.Clear();
            for (var i = 0; i < 40; i++)
            {
                records.Add(
                    [(byte)i], System.Text.Encoding.UTF8.GetBytes($"record {i} of batch {batch}, and something more to fill a page"));
            }

            await log.AppendAsync(batch % 3 == 0 ? Topics.DeadLetters : Topics.StockTrades, records, TestContext.CancellationToken);
        }

        return [KeyValuePair.Create(new LogPartition(log.Epoch, Topics.StockTrades, 0), 5L)];
    }

    private static string Dump(string path)
    {
        using var database = SqliteDatabase.OpenForReading(path);
        var text = new System.Text.StringBuilder();
        foreach (var sql in new[]
        {
            "SELECT topic || partition || '|' || base_offset || '|' || record_count || '|' || appended_at || '|' || checksum || "
                + "hex(records) FROM LOG_BATCHES ORDER BY batch_id",
            "SELECT topic || partition || '|' || first_offset || '|' || next_offset FROM LOG_ENDS",
            "SELECT epoch || partitions FROM LOG_INFO",
        })
        {
            using var rows = database.Prepare(sql);
            while (rows.Step()) text.AppendLine(rows.GetText(0));
        }

        return text.ToString();
    }
}
