using System.Text.Json;

namespace Crypto.Benchmarks.Measuring;

/// <param name="MaxBytes">The most that the product's own way may allocate per operation.</param>
/// <param name="MinRatios">By alternative: how many times the own way's time it takes at least.</param>
internal sealed record Floor(double MaxBytes, Dictionary<string, double> MinRatios);

/// <summary>
/// What a measurement must not fall below, by question, from <c>floors.json</c>:
/// <code>
/// { "ParseTrade": { "maxBytes": 0, "minRatios": { "Utf8ReaderLoop": 3.5 } } }
/// </code>
/// </summary>
internal sealed class Floors(Dictionary<string, Floor> floors)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true };

    public Floor this[string question] => floors[question];

    public static Floors Read(string path) => new(JsonSerializer.Deserialize<Dictionary<string, Floor>>(File.ReadAllText(path), Options)!);

    /// <summary>Where floors and benchmarks do not match, in words: a renamed benchmark must not pass unguarded.</summary>
    public IReadOnlyList<string> Mismatches()
    {
        var guarded = floors.SelectMany(
            floor => floor.Value.MinRatios.Keys.Select(alternative => $"{floor.Key}.{alternative}").Append(floor.Key)).ToList();
        var measured = Questions.All
            .SelectMany(question => Questions.AlternativesOf(question)
                .Select(alternative => $"{Questions.NameOf(question)}.{alternative}")
                .Append(Questions.NameOf(question)))
            .ToList();
        return
        [
            .. measured.Except(guarded).Select(name => $"{name}: has no floor"),
            .. guarded.Except(measured).Select(name => $"{name}: has a floor, but there is no such benchmark"),
        ];
    }
}
