using System.Reflection;
using BenchmarkDotNet.Attributes;

namespace Crypto.Benchmarks.Measuring;

/// <summary>
/// One benchmark class, made ready: its variants as delegates. The same attributes drive BenchmarkDotNet, so both measure the same code.
/// </summary>
internal sealed class Question : IDisposable
{
    private const string Suffix = "Benchmarks";

    private readonly object _instance;
    private readonly Type _type;
    private readonly Action? _beforeSample;
    private readonly Action? _afterSample;

    public Question(Type type)
    {
        _type = type;
        _instance = Activator.CreateInstance(type)!;
        _beforeSample = Bind<IterationSetupAttribute>();
        _afterSample = Bind<IterationCleanupAttribute>();
        Bind<GlobalSetupAttribute>()?.Invoke();
        Variants =
        [
            .. type.GetMethods().Where(method => method.IsDefined(typeof(BenchmarkAttribute))).Select(method => new Variant(
                method.Name,
                method.CreateDelegate<Func<long>>(_instance),
                method.GetCustomAttribute<BenchmarkAttribute>()!.OperationsPerInvoke,
                method.IsDefined(typeof(CandidateAttribute)))),
        ];
        if (Variants.Count(variant => variant.IsCandidate) != 1) throw new InvalidOperationException($"{type.Name} needs exactly one candidate.");
    }

    public string Name => NameOf(_type);

    public IReadOnlyList<Variant> Variants { get; }

    /// <summary>Whether a sample is one run, since state has to be made anew before each.</summary>
    public bool RunsOnce => _beforeSample is not null;

    /// <summary>The classes of this assembly, in order of name.</summary>
    public static IEnumerable<Type> All => typeof(Question).Assembly.GetTypes()
        .Where(type => type.IsDefined(typeof(MemoryDiagnoserAttribute)))
        .OrderBy(type => type.Name, StringComparer.Ordinal);

    public static string NameOf(Type type) => type.Name[..^Suffix.Length];

    public void BeforeSample() => _beforeSample?.Invoke();

    public void AfterSample() => _afterSample?.Invoke();

    /// <summary>Runs every variant once: those of one question must give the same answer.</summary>
    /// <exception cref="InvalidOperationException">They do not.</exception>
    public void CheckAnswers()
    {
        long? expected = null;
        foreach (var variant in Variants)
        {
            BeforeSample();
            var answer = variant.Run();
            AfterSample();
            if (answer != (expected ??= answer)) throw new InvalidOperationException($"{Name}.{variant.Name} answers {answer}, not {expected}.");
        }
    }

    public void Dispose()
    {
        Bind<GlobalCleanupAttribute>()?.Invoke();
        (_instance as IDisposable)?.Dispose();
    }

    private Action? Bind<TAttribute>()
        where TAttribute : Attribute =>
        _type.GetMethods().SingleOrDefault(method => method.IsDefined(typeof(TAttribute)))?.CreateDelegate<Action>(_instance);
}

/// <param name="Run">One invocation; the answer depends on all of its work.</param>
/// <param name="Operations">Operations of one invocation.</param>
/// <param name="IsCandidate">The product's own way.</param>
internal sealed record Variant(string Name, Func<long> Run, int Operations, bool IsCandidate);
