using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Crypto.Benchmarks.Measuring;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;

namespace Crypto.Benchmarks.Growth;

/// <summary>
/// Does a trade cost the same with 2,000 symbols as with one, and with 20 million stored trades as with one million? Small and large
/// take turns, batch by batch, and the median of each turn's ratio is told.
/// </summary>
internal static class GrowthRun
{
    private const int Turns = 31;
    private const int StoredSymbols = 100;
    private const long FirstMillion = 1_000_000;

    private static readonly (int Count, bool IsEven)[] Symbols =
        [(1, false), (10, false), (100, false), (500, false), (2000, false), (2000, true)];
    private static readonly long[] Milestones = [2_000_000, 5_000_000, 10_000_000, 20_000_000];

    public static int Run(string[] parts)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# Growth\n\n{Runs.Machine}. Read the ratios; see [how](../README.md).\n");
        if (IsAsked("symbols")) OfSymbols(text);
        if (IsAsked("memory")) OfMemory(text);
        if (IsAsked("stored")) OfStoredTrades(text);
        Console.WriteLine(text);
        if (parts.Length == 0) File.WriteAllText("benchmarks/results/growth.md", text.ToString());
        return 0;

        bool IsAsked(string part) => parts.Length == 0 || parts.Contains(part);
    }

    private static void OfMemory(StringBuilder text) =>
        text.AppendLine(
            CultureInfo.InvariantCulture, $"Memory kept per symbol, once it has traded: {MemoryPerSymbol()} bytes of the managed heap.\n");

    private static void OfSymbols(StringBuilder text)
    {
        text.AppendLine("| symbols | frame to trade, continuity, quality | ratio | warehouse load | ratio |");
        text.AppendLine("|---:|---:|---:|---:|---:|");
        var paths = Symbols.Select(symbols => new ReceivePath(symbols.Count, symbols.IsEven)).ToArray();
        var received = TakeTurns([.. paths.Select(path => (Func<double>)path.ReceiveNext)]);
        foreach (var path in paths) path.Close();
        var warehouses = Symbols.Select(symbols => new GrowingWarehouse(symbols.Count, symbols.IsEven)).ToArray();
        var loaded = TakeTurns([.. warehouses.Select(warehouse => (Func<double>)warehouse.LoadNext)]);
        foreach (var warehouse in warehouses) warehouse.Dispose();
        for (var i = 0; i < Symbols.Length; i++)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {Symbols[i].Count:N0}{(Symbols[i].IsEven ? ", all alike" : "")} | {received[i].Nanoseconds:0} ns | "
                    + $"{received[i].Ratio:0.00} | {loaded[i].Nanoseconds:0} ns | {loaded[i].Ratio:0.00} |");
        }

        text.AppendLine();
    }

    private static void OfStoredTrades(StringBuilder text)
    {
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"| stored trades ({StoredSymbols} symbols) | warehouse load | ratio to a warehouse of one million |");
        text.AppendLine("|---:|---:|---:|");
        using var small = new GrowingWarehouse(StoredSymbols);
        using var large = new GrowingWarehouse(StoredSymbols);
        small.GrowTo(FirstMillion);
        foreach (var milestone in Milestones)
        {
            large.GrowTo(milestone);
            var costs = TakeTurns([small.LoadNext, large.LoadNext]);
            if (milestone == Milestones[0]) text.AppendLine(
                CultureInfo.InvariantCulture, $"| {FirstMillion:N0} | {costs[0].Nanoseconds:0} ns | 1.00 |");
            text.AppendLine(CultureInfo.InvariantCulture, $"| {milestone:N0} | {costs[1].Nanoseconds:0} ns | {costs[1].Ratio:0.00} |");
        }
    }

    /// <returns>Of each: the median cost, and the median ratio to the first of the same turn.</returns>
    private static (double Nanoseconds, double Ratio)[] TakeTurns(Func<double>[] ways)
    {
        // The first few compile and fill caches.
        for (var i = 0; i < 5; i++)
        {
            foreach (var way in ways) way();
        }

        var costs = Enumerable.Range(0, Turns).Select(_ => Array.ConvertAll(ways, way => way())).ToArray();
        return [.. ways.Select((_, i) => (Median(costs.Select(turn => turn[i])), Median(costs.Select(turn => turn[i] / turn[0]))))];
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Turns / 2);

    private static long MemoryPerSymbol()
    {
        const int Many = 2000;
        return (Kept(Many) - Kept(1)) / (Many - 1);

        static long Kept(int symbols)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var tape = new GrowingTape(symbols, isEven: true);
            using var meter = new Meter(TradeIngestMetrics.MeterName);
            var tracker = new ContinuityTracker(new TradeIngestMetrics(meter));
            using var warehouse = new GrowingWarehouse(symbols, isEven: true);
            for (var seen = 0; seen < 8; seen++)
            {
                using var batch = TradeBatch.Rent(GrowingWarehouse.BatchSize);
                while (!batch.IsFull) batch.Add(tape.Next());
                tracker.Accept(batch, []);
                warehouse.LoadNext();
            }

            var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
            GC.KeepAlive(tape);
            GC.KeepAlive(tracker);
            return kept;
        }
    }
}
