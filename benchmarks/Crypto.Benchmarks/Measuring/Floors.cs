using System.Text.Json;

namespace Crypto.Benchmarks.Measuring;

/// <summary>
/// What a measurement must not fall below, from <c>floors.json</c>:
/// <code>
/// { "ParseTrade": { "maxBytes": 0.01, "minRatios": { "Utf8ReaderLoop": 3.5 } } }
/// </code>
/// </summary>
internal sealed class Floors
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { ReadCommentHandling = JsonCommentHandling.Skip };

    private readonly Dictionary<string, Floor> _floors;

    private Floors(Dictionary<string, Floor> floors) => _floors = floors;

    /// <exception cref="InvalidOperationException">A question has no floor, or a floor no question: a renamed benchmark must not pass unguarded.</exception>
    public static Floors Read(string path)
    {
        var floors = JsonSerializer.Deserialize<Dictionary<string, Floor>>(File.ReadAllText(path), Options)!;
        var questions = Question.All.Select(Question.NameOf).ToList();
        var unmatched = questions.Except(floors.Keys).Concat(floors.Keys.Except(questions)).ToList();
        return unmatched.Count == 0
            ? new Floors(floors)
            : throw new InvalidOperationException($"{path} and the benchmarks do not match: {string.Join(", ", unmatched)}.");
    }

    /// <summary>What is wrong with a measurement, in words; empty when all is well.</summary>
    public IReadOnlyList<string> Broken(Measurement measurement)
    {
        var floor = _floors[measurement.Question];
        var broken = new List<string>();
        foreach (var baseline in measurement.Baselines)
        {
            if (!floor.MinRatios.TryGetValue(baseline.Name, out var least)) broken.Add($"{measurement.Question}: no floor against {baseline.Name}");
            else if (baseline.Ratio < least) broken.Add($"{measurement.Question}: {baseline.Ratio:0.00} times as fast as {baseline.Name}, at least {least:0.00} expected");
        }

        if (measurement.Candidate.Bytes > floor.MaxBytes)
        {
            broken.Add($"{measurement.Question}: allocates {measurement.Candidate.Bytes:0.###} bytes per operation, at most {floor.MaxBytes:0.###} expected");
        }

        return broken;
    }

    public double LeastRatio(string question, string baseline) => _floors[question].MinRatios.GetValueOrDefault(baseline);

    private sealed record Floor(double MaxBytes, Dictionary<string, double> MinRatios);
}
