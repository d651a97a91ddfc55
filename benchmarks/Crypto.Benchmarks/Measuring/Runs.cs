using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Environments;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Crypto.Benchmarks.Measuring;

/// <summary>Questions under BenchmarkDotNet, whose own log, JSON and Markdown are left in <c>artifacts/benchmarks</c>.</summary>
internal static class Runs
{
    private const int Tries = 3;

    /// <summary>What the figures were measured on, in one line.</summary>
    public static string Machine => string.Join(", ", HostEnvironmentInfo.GetCurrent().ToFormattedString());

    /// <summary>The gate: fails what breaks its floor three times in a row. A neighbor's burst passes, a regression does not.</summary>
    /// <returns>1 when a floor is broken, when something was not measured, and when floors and benchmarks do not match.</returns>
    public static int Quick(IReadOnlyList<Type> questions)
    {
        var floors = Floors.Read("benchmarks/floors.json");
        var faults = floors.Mismatches().ToList();
        foreach (var question in faults.Count == 0 ? questions : [])
        {
            var name = Questions.NameOf(question);
            IReadOnlyList<string> found = [];
            for (var i = 0; i < Tries && (i == 0 || found.Count > 0); i++)
            {
                var measurement = new Measurement(
                    name, BenchmarkRunner.Run(question, Config(question, warmups: 12, iterations: 20, milliseconds: 100)));
                foreach (var line in measurement.Lines(floors[name])) Console.WriteLine(line);
                found = measurement.Faults(floors[name]);
            }

            faults.AddRange(found);
        }

        return ExitCode(faults);
    }

    /// <summary>Writes BenchmarkDotNet's table of each question to <c>benchmarks/results</c>.</summary>
    /// <returns>1 when something was not measured; its old table stays.</returns>
    public static int Full(IReadOnlyList<Type> questions)
    {
        var faults = new List<string>();
        foreach (var question in questions)
        {
            var name = Questions.NameOf(question);
            var summary = BenchmarkRunner.Run(question, Config(question, warmups: 10, iterations: 30, milliseconds: 250));
            var unmeasured = new Measurement(name, summary).Unmeasured();
            faults.AddRange(unmeasured);
            if (unmeasured.Count > 0) continue;
            var table = new AccumulationLogger();
            MarkdownExporter.GitHub.ExportToLog(summary, table);
            File.WriteAllText(
                $"benchmarks/results/{name}.md", $"# {name}\n\nRead the ratios; see [how](../README.md).\n\n{table.GetLog()}");
            Console.WriteLine($"{name}\n{table.GetLog()}");
        }

        return ExitCode(faults);
    }

    /// <summary>
    /// Runs the product's own ways for ten seconds each, without the alternatives: what a profiler then sees is all ours.
    /// </summary>
    public static int Alone(IReadOnlyList<Type> questions)
    {
        var ours = new SimpleFilter(way => way.Descriptor.Baseline);
        foreach (var question in questions)
        {
            BenchmarkRunner.Run(question, Config(question, warmups: 1, iterations: 10, milliseconds: 1000).AddFilter(ours));
        }

        return 0;
    }

    private static int ExitCode(List<string> faults)
    {
        foreach (var fault in faults) Console.Error.WriteLine($"FAILED  {fault}");
        return faults.Count == 0 ? 0 : 1;
    }

    private static ManualConfig Config(Type question, int warmups, int iterations, int milliseconds) => ManualConfig.CreateEmpty()
        .AddJob(Rounds(question)
            .WithWarmupCount(warmups)
            .WithIterationCount(iterations)
            .WithIterationTime(TimeInterval.FromMilliseconds(milliseconds)))
        .AddLogger(NullLogger.Instance)
        .AddColumn(TargetMethodColumn.Method, StatisticColumn.Median, BaselineRatioColumn.RatioMean)
        .AddColumnProvider(DefaultColumnProviders.Metrics)
        .HideColumns(Column.Gen0, Column.Gen1, Column.Gen2)
        .AddExporter(MarkdownExporter.GitHub, JsonExporter.Brief)
        .AddValidator(new SameAnswer())
        .WithArtifactsPath("artifacts/benchmarks");

    // In this process: the runtime is newer than the ones this BenchmarkDotNet can build for. An invocation is thousands of operations,
    // so there is no overhead to subtract and no loop to unroll; where an iteration needs a setup, it is a single invocation.
    private static Job Rounds(Type question)
    {
        var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithEvaluateOverhead(false);
        return question.GetMethods().Any(method => method.IsDefined(typeof(IterationSetupAttribute), inherit: true))
            ? job.RunOncePerIteration()
            : job.WithUnrollFactor(1);
    }
}
