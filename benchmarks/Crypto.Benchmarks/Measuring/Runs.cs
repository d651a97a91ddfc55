using System.Diagnostics;
using System.Globalization;

namespace Crypto.Benchmarks.Measuring;

/// <summary>Measures many questions and tells what came of it.</summary>
internal static class Runs
{
    private const int Tries = 3;

    /// <summary>Ratios for the gate. What falls below its floor is measured twice more before it counts: a neighbor's burst passes, a regression does not.</summary>
    /// <returns>1 when a floor is broken.</returns>
    public static int Quick(Arguments arguments)
    {
        Scale.IsQuick = true;
        var floors = arguments.Floors is { } path ? Floors.Read(path) : null;
        var measurements = new List<Measurement>();
        var broken = new List<string>();
        foreach (var type in arguments.Questions)
        {
            var measurement = Measure(type, Interleaved.Quick);
            for (var i = 1; i < Tries && floors?.Broken(measurement).Count > 0; i++) measurement = Measure(type, Interleaved.Quick);
            foreach (var baseline in measurement.Baselines)
            {
                Console.WriteLine(Report.Line(measurement.Question, measurement.Candidate, baseline, floors?.LeastRatio(measurement.Question, baseline.Name) ?? 0));
            }

            measurements.Add(measurement);
            if (floors is not null) broken.AddRange(floors.Broken(measurement));
        }

        if (arguments.Json is { } json)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(json))!);
            File.WriteAllText(json, Report.Json(measurements) + "\n");
        }

        foreach (var fault in broken) Console.Error.WriteLine($"SLOWER  {fault}");
        return broken.Count == 0 ? 0 : 1;
    }

    /// <summary>Writes a table per question.</summary>
    public static int Full(Arguments arguments)
    {
        var folder = arguments.Results ?? throw new ArgumentException("full needs --results FOLDER.", nameof(arguments));
        Directory.CreateDirectory(folder);
        foreach (var type in arguments.Questions)
        {
            var measurement = Measure(type, Interleaved.Full);
            var table = Report.Table(measurement);
            Console.WriteLine($"{measurement.Question}\n{table}");
            File.WriteAllText(Path.Combine(folder, $"{measurement.Question}.md"), string.Create(
                CultureInfo.InvariantCulture,
                $"# {measurement.Question}\n\n{Report.Machine()}. Read the ratios; see [how](../README.md).\n\n{table}"));
        }

        return 0;
    }

    /// <summary>Runs candidates without their baselines: what a profiler then sees is all ours.</summary>
    public static int Alone(Arguments arguments)
    {
        foreach (var type in arguments.Questions)
        {
            using var question = new Question(type);
            var candidate = question.Variants.Single(variant => variant.IsCandidate);
            var started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10))
            {
                question.BeforeSample();
                candidate.Run();
                question.AfterSample();
            }
        }

        return 0;
    }

    private static Measurement Measure(Type type, Interleaved way)
    {
        using var question = new Question(type);
        return way.Measure(question);
    }
}
