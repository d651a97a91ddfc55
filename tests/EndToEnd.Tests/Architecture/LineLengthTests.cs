using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>What <c>max_line_length</c> of the .editorconfig asks for, which no analyzer checks.</summary>
[TestClass]
public sealed class LineLengthTests
{
    private const int Longest = 140;

    [TestMethod]
    [DataRow("src")]
    [DataRow("tests")]
    [DataRow("benchmarks")]
    public void Lines_OfTheSource_AreNotLonger(string folder)
    {
        var built = new[] { "bin", "obj" };
        var longer =
            from path in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
            where !path.Split(Path.DirectorySeparatorChar).Intersect(built, StringComparer.Ordinal).Any()
            from line in File.ReadLines(path).Index()
            where line.Item.Length > Longest
            select $"{Path.GetRelativePath(Repository.Root, path)}:{line.Index + 1}: {line.Item.Length} characters";

        Assert.IsEmpty(longer.ToArray(), string.Join(Environment.NewLine, longer));
    }
}
