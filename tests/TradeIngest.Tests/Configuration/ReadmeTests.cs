using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Tests.Configuration;

[TestClass]
public sealed class ReadmeTests
{
    private const string Start = "<!-- trade-ingest config show --markdown -->\n";

    private const string End = "<!-- end -->\n";

    [TestMethod]
    public void Readme_TableOfOptions_IsTheGeneratedOne()
    {
        var readme = File.ReadAllText(Path.Combine(Root(), "README.md")).ReplaceLineEndings("\n");
        var table = OptionTable.Markdown(typeof(ServiceOptions));
        var (start, end) = (readme.IndexOf(Start, StringComparison.Ordinal), readme.IndexOf(End, StringComparison.Ordinal));

        Assert.IsTrue(start >= 0 && end > start, $"README.md has no {Start.Trim()} … {End.Trim()}.");
        Assert.AreEqual(table, readme[(start + Start.Length)..end], $"Paste this between the marks in README.md:\n{table}");
    }

    // What documents tell people to set must exist: an unknown option is refused.
    [TestMethod]
    public void Documents_OptionsTheyName_Exist()
    {
        var tree = OptionTree.Of(typeof(ServiceOptions));
        string[] files =
        [
            Path.Combine(Root(), "README.md"), .. Directory.GetFiles(
                Path.Combine(Root(), "docs"), "*.md"), Path.Combine(Root(), "docker-compose.yml"),
            Path.Combine(Root(), ".env.example"), Path.Combine(Root(), "src", "TradeIngest", "Dockerfile"),
        ];
        foreach (var file in files)
        {
            foreach (var name in OptionNames(File.ReadAllText(file)))
            {
                var key = name.Replace("__", ":", StringComparison.Ordinal);
                Assert.IsTrue(tree.Find(key) is not null || tree.IsSection(key), $"{Path.GetFileName(file)}: CRYPTO__{name}");
            }
        }
    }

    private static IEnumerable<string> OptionNames(string text)
    {
        for (var at = text.IndexOf(OptionDescriptor.EnvironmentPrefix, StringComparison.Ordinal); at >= 0;)
        {
            var from = at + OptionDescriptor.EnvironmentPrefix.Length;
            var name = string.Concat(text.Skip(from).TakeWhile(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')).TrimEnd('_');
            if (name.Length > 0 && !name.StartsWith("Section", StringComparison.Ordinal)) yield return name;
            at = text.IndexOf(OptionDescriptor.EnvironmentPrefix, from, StringComparison.Ordinal);
        }
    }

    internal static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Crypto.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests run outside the repository.");
        }

        return folder;
    }
}
