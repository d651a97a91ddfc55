using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Crypto.Benchmarks.Measuring;

/// <summary>Measurements as text for people, as Markdown for the results folder and as JSON for machines.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Table(Measurement measurement)
    {
        var text = new StringBuilder();
        text.AppendLine("| way | times the candidate's time | per operation | allocated per operation |");
        text.AppendLine("|---|---:|---:|---:|");
        foreach (var variant in measurement.Variants)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {variant.Name}{(variant == measurement.Candidate ? " (ours)" : "")} | {variant.Ratio:0.00} | {Time(variant.Nanoseconds)} | {Bytes(variant.Bytes)} |");
        }

        return text.ToString();
    }

    public static string Line(string question, VariantMeasurement candidate, VariantMeasurement baseline, double least) => string.Create(
        CultureInfo.InvariantCulture,
        $"{question,-18} {baseline.Name,-24} {baseline.Ratio,8:0.00} x {(least > 0 ? $"(floor {least:0.00})" : ""),-14} {Time(candidate.Nanoseconds),10} {Bytes(candidate.Bytes),10}");

    public static string Json(IEnumerable<Measurement> measurements) => JsonSerializer.Serialize(
        measurements.ToDictionary(
            measurement => measurement.Question,
            measurement => new
            {
                BytesPerOperation = Math.Round(measurement.Candidate.Bytes, 3),
                NanosecondsPerOperation = Math.Round(measurement.Candidate.Nanoseconds, 1),
                Ratios = measurement.Baselines.ToDictionary(baseline => baseline.Name, baseline => Math.Round(baseline.Ratio, 2)),
            }),
        Indented);

    /// <summary>What the figures were measured on, in one line.</summary>
    public static string Machine() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} cores of {Processor()} ({RuntimeInformation.ProcessArchitecture}), {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {OperatingSystemName()}, {RuntimeInformation.FrameworkDescription}");

    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        var line = File.Exists(Information) ? File.ReadLines(Information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim() ?? "an unnamed processor";
    }

    private static string OperatingSystemName()
    {
        const string Release = "/etc/os-release";
        var line = File.Exists(Release) ? File.ReadLines(Release).FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal)) : null;
        return line?.Split('=', 2)[1].Trim('"') ?? RuntimeInformation.OSDescription;
    }

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0.0} ns"),
        < 10_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000:0.0} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000:0} ms"),
    };

    private static string Bytes(double bytes) => bytes switch
    {
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes:0.##} B"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024:0} KiB"),
    };
}
