using System.Diagnostics;

namespace Crypto.Benchmarks.Measuring;

/// <summary>
/// Measures the variants of a question in turn, round by round, and takes the median of each round's ratio: what disturbs the machine
/// disturbs all of them alike, so that a ratio holds where a time does not. BenchmarkDotNet runs one variant after the other, which on
/// a busy machine compares two different minutes.
/// </summary>
/// <param name="warmUp">Time to run each variant before the first round; the runtime recompiles hot code meanwhile.</param>
/// <param name="sample">Least time of one sample.</param>
/// <param name="budget">Time for the rounds of one question.</param>
internal sealed class Interleaved(TimeSpan warmUp, TimeSpan sample, TimeSpan budget)
{
    private const int MinRounds = 3;
    private const int MaxRounds = 101;

    public static Interleaved Quick { get; } = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(4));

    public static Interleaved Full { get; } = new(TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(20));

    public Measurement Measure(Question question)
    {
        question.CheckAnswers();
        var variants = question.Variants.OrderByDescending(variant => variant.IsCandidate).ToArray();
        var invocations = new int[variants.Length];
        var cost = TimeSpan.Zero;
        for (var i = 0; i < variants.Length; i++)
        {
            var once = WarmUp(question, variants[i]);
            invocations[i] = question.RunsOnce ? 1 : (int)Math.Max(1, Math.Ceiling(sample / once));
            cost += once * invocations[i];
        }

        var rounds = Math.Clamp((int)(budget / cost), MinRounds, MaxRounds);
        var times = variants.Select(_ => new double[rounds]).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < variants.Length; i++) times[i][round] = Sample(question, variants[i], invocations[i]) / variants[i].Operations;
        }

        return new Measurement(question.Name, [.. variants.Select((variant, i) => new VariantMeasurement(
            variant.Name,
            Median([.. times[i].Zip(times[0], (time, candidate) => time / candidate)]),
            Median(times[i]),
            Allocated(question, variant)))]);
    }

    private TimeSpan WarmUp(Question question, Variant variant)
    {
        var started = Stopwatch.GetTimestamp();
        var least = double.MaxValue;
        do
        {
            least = Math.Min(least, Sample(question, variant, 1));
        }
        while (Stopwatch.GetElapsedTime(started) < warmUp);

        return TimeSpan.FromMicroseconds(Math.Max(least, 1) / 1000);
    }

    /// <returns>Nanoseconds per invocation.</returns>
    private static double Sample(Question question, Variant variant, int invocations)
    {
        question.BeforeSample();
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < invocations; i++) variant.Run();
        var elapsed = Stopwatch.GetElapsedTime(started);
        question.AfterSample();
        return elapsed.TotalNanoseconds / invocations;
    }

    // Over all threads, and the least of several: now and then the runtime itself allocates something.
    private static double Allocated(Question question, Variant variant)
    {
        var least = long.MaxValue;
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 3 && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5); i++)
        {
            question.BeforeSample();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            variant.Run();
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
            question.AfterSample();
        }

        return (double)least / variant.Operations;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
