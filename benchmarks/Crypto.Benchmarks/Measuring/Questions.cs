using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Crypto.Benchmarks.Measuring;

/// <summary>The benchmark classes of this assembly: <c>ParseTradeBenchmarks</c> asks the question <c>ParseTrade</c>.</summary>
internal static class Questions
{
    private const string Suffix = "Benchmarks";

    /// <summary>All of them, in order of name.</summary>
    public static IReadOnlyList<Type> All { get; } =
    [
        .. typeof(Questions).Assembly.GetTypes().Where(type => Ways(type).Any()).OrderBy(type => type.Name, StringComparer.Ordinal),
    ];

    public static string NameOf(Type question) => question.Name[..^Suffix.Length];

    /// <summary>The names of what the product's own way, the baseline, is compared with.</summary>
    public static IEnumerable<string> AlternativesOf(Type question) =>
        Ways(question).Where(way => !way.GetCustomAttribute<BenchmarkAttribute>()!.Baseline).Select(way => way.Name);

    private static IEnumerable<MethodInfo> Ways(Type type) =>
        type.GetMethods().Where(method => method.IsDefined(typeof(BenchmarkAttribute)));
}
