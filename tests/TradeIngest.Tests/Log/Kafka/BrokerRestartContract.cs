using System.Diagnostics;
using System.Text;
using Crypto.TradeIngest.Contracts;

namespace Crypto.TradeIngest.Tests.Log.Kafka;

/// <summary>
/// Restarts the brokers under load by the command <c>CRYPTO_TEST_KAFKA_RESTART</c>. The class that runs it is compiled only where that
/// is set, and <c>CRYPTO_TEST_KAFKA</c> too.
/// </summary>
public abstract class BrokerRestartContract : RealClusterContract
{
    [TestMethod]
    public async Task Append_BrokerRestarted_EachRecordStandsThereOnceAndInOrder()
    {
        const int PerAppend = 100;
        await using var log = await OpenAsync(partitions: 1);
        using var restart = Process.Start("/bin/sh", ["-c", Environment.GetEnvironmentVariable("CRYPTO_TEST_KAFKA_RESTART")!]);
        var restarting = restart.WaitForExitAsync(Stop);
        var appended = 0;
        for (var after = 0; after < 50; after += restarting.IsCompleted ? 1 : 0, appended += PerAppend)
        {
            await AppendAsync(log, appended, PerAppend);
        }

        Assert.AreEqual(0, restart.ExitCode);
        await using var reader = log.OpenReader(Topics.StockTrades, new Dictionary<int, long> { [0] = 0 });
        for (var next = 0; next < appended;)
        {
            foreach (var record in (await reader.ReadAsync(1000, Stop)).Records.Span)
            {
                Assert.AreEqual($"{next++}", Encoding.ASCII.GetString(record.Value.Span));
            }
        }

        Assert.AreEqual(appended, (await log.OffsetsAsync(Topics.StockTrades, 0, Stop)).Next);
    }
}
