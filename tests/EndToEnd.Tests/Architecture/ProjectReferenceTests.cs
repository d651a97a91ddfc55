using System.Reflection;
using System.Xml.Linq;
using Crypto.TestSupport;
using Crypto.TradeModel.Trades;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>The direction of the layout is TradeIngest → Warehouse → TradeModel, and the last needs nothing but the platform.</summary>
[TestClass]
public sealed class ProjectReferenceTests
{
    [TestMethod]
    [DataRow("TradeModel", "")]
    [DataRow("Warehouse", "TradeModel")]
    [DataRow("TradeIngest", "TradeModel, Warehouse")]
    public void ProjectReferences_OfEachProject_PointDown(string project, string expected)
    {
        var references = Items(project, "ProjectReference")
            .Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')))
            .Order(StringComparer.Ordinal);

        Assert.AreEqual(expected, string.Join(", ", references));
    }

    [TestMethod]
    public void TradeModel_Packages_AreNone() => Assert.IsEmpty(Items("TradeModel", "PackageReference"));

    [TestMethod]
    public void TradeModel_Assembly_UsesThePlatformOnly()
    {
        var others = typeof(Trade).Assembly.GetReferencedAssemblies()
            .Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal));

        Assert.IsEmpty(others);
    }

    [TestMethod]
    public void Warehouse_Assembly_KnowsNoExchangeAndNoLog()
    {
        var referenced = Assembly.Load("Warehouse").GetReferencedAssemblies().Select(assembly => assembly.Name!);

        Assert.IsEmpty(referenced.Where(name =>
            name is "trade-ingest" or "Confluent.Kafka" or "System.Reactive" or "System.Net.WebSockets"));
    }

    [TestMethod]
    public void Source_Projects_AreThree() => CollectionAssert.AreEquivalent(
        new[] { "TradeIngest", "TradeModel", "Warehouse" },
        Directory.GetFiles(
            Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension)
            .ToArray());

    private static string[] Items(string project, string item) =>
    [
        .. XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj"))
            .Descendants(item)
            .Select(element => element.Attribute("Include")?.Value)
            .OfType<string>(),
    ];
}
