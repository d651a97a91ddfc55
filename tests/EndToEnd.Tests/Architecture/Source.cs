using System.Reflection;
using Crypto.TestSupport;
using Crypto.TradeModel.Trades;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>The three assemblies of src, and what was written in them by hand.</summary>
internal static class Source
{
    public const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    public static IReadOnlyList<Assembly> Assemblies { get; } =
        [typeof(Trade).Assembly, Assembly.Load("Warehouse"), Assembly.Load("trade-ingest")];

    /// <summary>Names that the compiler makes hold what no name in C# can.</summary>
    public static bool IsGenerated(MemberInfo member) =>
        member.Name.Contains('<', StringComparison.Ordinal) || (member.DeclaringType is { } outer && IsGenerated(outer));

    public static IEnumerable<Type> Types => Assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => !IsGenerated(type));

    /// <summary>The source files by their path below src.</summary>
    public static IEnumerable<(string Path, string Text)> Files()
    {
        var root = System.IO.Path.Combine(Repository.Root, "src");
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path: System.IO.Path.GetRelativePath(root, path).Replace('\\', '/'), Full: path))
            .Where(file => !file.Path.Split('/').Any(part => part is "bin" or "obj"))
            .Select(file => (file.Path, File.ReadAllText(file.Full)));
    }
}
