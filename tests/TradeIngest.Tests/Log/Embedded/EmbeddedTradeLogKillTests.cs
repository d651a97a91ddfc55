using System.Diagnostics;
using System.Globalization;
using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Tests.Log.Embedded;

/// <summary>Kills the real program with SIGKILL while it appends, again and again, and looks at what it left.</summary>
[TestClass]
public sealed class EmbeddedTradeLogKillTests : IDisposable
{
    private const int Trades = 300_000;

    private readonly TemporaryFolder _folder = new();

    public TestContext TestContext { get; set; } = null!;

    private string Data => _folder["data"];

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task Kill_WhileAppending_LeavesEveryOffsetReadableAndNoTornBatch()
    {
        var csv = _folder["BTCUSDT-trades-2026-02-03.csv"];
        WriteArchive(csv);
        long before = 0;
        string? epoch = null;
        for (var kill = 1; kill <= 3; kill++)
        {
            using (var child = Replay(csv))
            {
                await AppendedAsync(before + (kill * 7_000), child);
                child.Kill();
                await child.WaitForExitAsync(TestContext.CancellationToken);
                Assert.AreEqual(137, child.ExitCode, "It was to be killed while it worked.");
            }

            await using var log = EmbeddedTradeLog.Open(
                Path.Combine(Data, EmbeddedTradeLog.FileName), new EmbeddedTradeLogOptions(), TimeProvider.System);
            Assert.AreEqual(epoch ??= log.Epoch, log.Epoch);
            var offsets = await log.OffsetsAsync(Topics.StockTrades, 0, TestContext.CancellationToken);
            Assert.IsGreaterThanOrEqualTo(before + (kill * 7_000), offsets.Next, "What was committed is there.");
            Assert.AreEqual(offsets.Next, await ReadAllAsync(log));
            before = offsets.Next;
        }

        using (var child = Replay(csv))
        {
            await child.WaitForExitAsync(TestContext.CancellationToken);
            Assert.AreEqual(0, child.ExitCode);
        }

        AssertComplete();
    }

    /// <returns>The offset after the last.</returns>
    private static async Task<long> ReadAllAsync(EmbeddedTradeLog log)
    {
        var symbols = new SymbolTable();
        await using var reader = log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 0 });
        long next = 0;
        while (reader.TryRead(10_000) is { } slice)
        {
            foreach (var record in slice.Records.Span)
            {
                Assert.AreEqual(next++, record.Offset);
                Assert.AreEqual(ErrorReason.None, TradeJson.TryRead(record.Value.Span, symbols, out var trade));
                Assert.AreEqual("BTCUSDT", trade.Symbol.Ticker);
            }
        }

        return next;
    }

    private static void WriteArchive(string path)
    {
        using var file = new StreamWriter(path);
        for (var i = 1; i <= Trades; i++)
        {
            var time = 1_770_076_800_000_000 + (i * 1_000);
            file.Write(string.Create(CultureInfo.InvariantCulture, $"{i},78738.60000000,0.00100000,78.73860000,{time},True,True\n"));
        }
    }

    private Process Replay(string csv)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { "exec", typeof(ReplayFile).Assembly.Location, "replay", csv, "--data", Data, "--json" })
        {
            start.ArgumentList.Add(argument);
        }
        var child = Process.Start(start)!;
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    /// <summary>Returns when the child has committed this many records.</summary>
    private async Task AppendedAsync(long records, Process child)
    {
        var path = Path.Combine(Data, EmbeddedTradeLog.FileName);
        while (!child.HasExited)
        {
            if (File.Exists(path) && NextOffset(path) >= records) return;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, TestContext.CancellationToken);
        }

        Assert.Fail($"The child ended with {child.ExitCode} before it could be killed.");
    }

    private static long NextOffset(string path)
    {
        try
        {
            using var database = SqliteDatabase.OpenForReading(path);
            using var query = database.Prepare($"SELECT next_offset FROM LOG_ENDS WHERE topic = '{Topics.StockTrades}'");
            return query.Scalar() ?? 0;
        }
        catch (StorageException)
        {
            // The child is just creating it.
            return 0;
        }
    }

    private void AssertComplete()
    {
        using var warehouse = SqliteDatabase.OpenForReading(Path.Combine(Data, SqliteWarehouse.FileName));
        using var facts = warehouse.Prepare("SELECT count(*) FROM FACT_TRADES");
        Assert.AreEqual(Trades, facts.Scalar());
        foreach (var audit in new SqliteAudits(warehouse, new SqliteWarehouseOptions()).Run())
        {
            Assert.IsTrue(audit.Passed, $"{audit.Name}: {string.Join('\n', audit.Failing)}");
        }
    }
}
