using System.Diagnostics;
using System.Globalization;
using System.Text;
using Crypto.Benchmarks.Measuring;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.Benchmarks.Brokers;

/// <summary>
/// How near does the log on Kafka come to librdkafka itself? The same records go to the same brokers in turn: by the log, an append of
/// some four megabytes after the other as under load, and by <c>kcat</c>, which is librdkafka's producer in a loop of C.
/// <code>
/// records ──▶ [ append, acknowledged by all in-sync replicas ] ──▶ brokers
/// </code>
/// Both idempotent, with the same compression and sizes; kcat's start and its reading of the file count for it, as long as an
/// empty run.
/// </summary>
internal static class ProduceRun
{
    private const int Trades = 1_000_000;
    private const int TradesPerAppend = 25_000;
    private const int Turns = 5;

    public static async Task<int> RunAsync(string brokers)
    {
        var options = new KafkaOptions { BootstrapServers = brokers, TopicPrefix = "benchmark-", ReplicationFactor = 1 };
        await using var log = await KafkaTradeLog.OpenAsync(
            options, [new TopicPlan(Topics.StockTrades, TopicPlan.DefaultPartitions, TimeSpan.FromMinutes(10), IsCompacted: false)],
            TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        using var folder = new BenchmarkFolder();
        var batches = Batches();
        var (all, none) = (folder["records"], folder["none"]);
        await WriteAsync(batches, all);
        await File.WriteAllTextAsync(none, "");

        await AppendAsync(log, batches);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var turns = new List<(double Log, double Kcat)>();
        for (var turn = 0; turn < Turns; turn++)
        {
            var start = await KcatAsync(options, none);
            turns.Add((Trades / await AppendAsync(log, batches), Trades / (await KcatAsync(options, all) - start)));
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"turn {turn + 1} of {Turns}: log {turns[^1].Log:N0} records/s, kcat {turns[^1].Kcat:N0}"));
        }

        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / ((double)Turns * Trades);
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"# KafkaProduce\n\n{Runs.Machine}, the broker on it too. Read the ratio; see [how](../README.md).\n");
        text.AppendLine("| way | records/s, five turns | median ratio to kcat in the same turn |").AppendLine("|---|---:|---:|");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"| the log on Kafka (ours) | "
                + $"{string.Join(" · ", turns.Select(turn => turn.Log.ToString("N0", CultureInfo.InvariantCulture)))} | "
                + $"{turns.Select(turn => turn.Log / turn.Kcat).Order().ElementAt(Turns / 2):0.00} |");
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"| kcat, librdkafka in C | {string.Join(" · ", turns.Select(turn => turn.Kcat.ToString("N0", CultureInfo.InvariantCulture)))} "
                + $"| 1 |");
        text.AppendLine(CultureInfo.InvariantCulture, $"\nBytes allocated per record by ours: {bytes:0}.");
        Console.WriteLine(text);
        await File.WriteAllTextAsync("benchmarks/results/KafkaProduce.md", text.ToString());
        foreach (var batch in batches) batch.Dispose();
        return 0;
    }

    private static List<RecordBatch> Batches()
    {
        var trades = SampleTrades.Of(SampleTrades.Symbols(new SymbolTable()), Trades);
        var batches = new List<RecordBatch>();
        for (var start = 0; start < Trades; start += TradesPerAppend)
        {
            var batch = new RecordBatch();
            foreach (ref readonly var trade in trades.AsSpan(start, TradesPerAppend))
            {
                batch.End(TradeJson.Write(trade, batch.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
            }

            batches.Add(batch);
        }

        return batches;
    }

    // A line each, the key before a tab, as kcat takes them.
    private static async Task WriteAsync(List<RecordBatch> batches, string path)
    {
        await using var file = File.Create(path);
        foreach (var batch in batches)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                file.Write(batch.Key(i));
                file.WriteByte((byte)'\t');
                file.Write(batch.Value(i));
                file.WriteByte((byte)'\n');
            }
        }
    }

    private static async Task<double> AppendAsync(KafkaTradeLog log, List<RecordBatch> batches)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var batch in batches) await log.AppendAsync(Topics.StockTrades, batch, CancellationToken.None);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static async Task<double> KcatAsync(KafkaOptions options, string path)
    {
        // kcat has no setting but librdkafka's own; compression and partitioner go by the topic.
        var settings = KafkaSettings.Producer(options).Where(
            setting =>
                !setting.Key.StartsWith("dotnet.", StringComparison.Ordinal) && setting.Key is not ("bootstrap.servers" or "client.id"));
        string[] arguments =
        [
            "-P", "-q", "-b", options.BootstrapServers!, "-t", options.TopicPrefix + Topics.StockTrades, "-K", "\t", "-l", path,
            .. settings.SelectMany(setting => new[] { "-X", $"{setting.Key}={setting.Value}" }),
        ];
        var started = Stopwatch.GetTimestamp();
        using var kcat = Process.Start("kcat", arguments);
        await kcat.WaitForExitAsync();
        return kcat.ExitCode == 0
            ? Stopwatch.GetElapsedTime(started).TotalSeconds
            : throw new InvalidOperationException($"kcat ended with {kcat.ExitCode}.");
    }
}
