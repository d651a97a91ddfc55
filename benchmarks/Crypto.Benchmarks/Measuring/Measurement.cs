using System.Globalization;
using BenchmarkDotNet.Reports;

namespace Crypto.Benchmarks.Measuring;

/// <summary>What BenchmarkDotNet measured of one question, held against its floor.</summary>
internal sealed class Measurement(string question, Summary summary)
{
    /// <summary>What BenchmarkDotNet could not measure: it goes on when a benchmark throws, and reports it without results.</summary>
    public IReadOnlyList<string> Unmeasured() =>
    [
        .. summary.ValidationErrors.Where(error => error.IsCritical).Select(error => $"{question}: {error.Message}"),
        .. summary.Reports.Where(report => !IsMeasured(report)).Select(
            report => $"{question}: {NameOf(report)} was not measured, see {summary.LogFilePath}"),
        .. summary.Reports.IsEmpty ? [$"{question}: nothing was measured, see {summary.LogFilePath}"] : Array.Empty<string>(),
    ];

    /// <summary>A line per alternative.</summary>
    public IEnumerable<string> Lines(Floor floor)
    {
        if (Unmeasured().Count > 0) return [];
        return Alternatives.Select(way => string.Create(
            CultureInfo.InvariantCulture,
            $"{question,-17} {NameOf(way),-27} {Ratio(way),8:0.00} x (least {floor.MinRatios[NameOf(way)]:0.##}), {Bytes(Ours):0.##} B "
                + $"(most {floor.MaxBytes:0.##})"));
    }

    /// <summary>What is wrong, in words; empty when all is well.</summary>
    public IReadOnlyList<string> Faults(Floor floor)
    {
        if (Unmeasured() is { Count: > 0 } unmeasured) return unmeasured;
        var faults = Alternatives.Where(way => Ratio(way) < floor.MinRatios[NameOf(way)]).Select(way => string.Create(
            CultureInfo.InvariantCulture,
            $"{question}: {NameOf(way)} takes {Ratio(way):0.00} times as long as {NameOf(Ours)}, at least "
                + $"{floor.MinRatios[NameOf(way)]:0.##} expected")).ToList();
        if (Bytes(Ours) > floor.MaxBytes)
        {
            faults.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{question}: {NameOf(Ours)} allocates {Bytes(Ours):0.##} bytes per operation, at most {floor.MaxBytes:0.##} expected"));
        }

        return faults;
    }

    private BenchmarkReport Ours => summary.Reports.Single(report => report.BenchmarkCase.Descriptor.Baseline);

    private IEnumerable<BenchmarkReport> Alternatives => summary.Reports.Where(report => !report.BenchmarkCase.Descriptor.Baseline);

    private static string NameOf(BenchmarkReport report) => report.BenchmarkCase.Descriptor.WorkloadMethod.Name;

    private static bool IsMeasured(BenchmarkReport report) =>
        report is { Success: true, ResultStatistics: not null, GcStats.TotalOperations: > 0 };

    // Of all threads; the column "Allocated" has whole bytes only. In the one iteration that is looked at, the compiler's background thread
    // now and then allocates something of its own: BenchmarkDotNet takes a total below what a thread allocates at once for nothing.
    private static double Bytes(BenchmarkReport report) =>
        (double)report.GcStats.GetTotalAllocatedBytes(excludeAllocationQuantumSideEffects: true)!.Value / report.GcStats.TotalOperations;

    private double Ratio(BenchmarkReport way) => way.ResultStatistics!.Median / Ours.ResultStatistics!.Median;
}
