using Crypto.TestSupport;
using Crypto.TradeIngest.Commands;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Simulation;

namespace Crypto.TradeIngest.Tests.Simulation;

[TestClass]
public sealed class FaultTableTests
{
    private const string Start = "<!-- trade-ingest simulate --help -->\n";
    private const string End = "<!-- end -->\n";

    [TestMethod]
    public void Parse_EveryExample_SetsSomethingOfItsOwn()
    {
        var untouched = State(FaultTable.Parse(1, []));
        foreach (var fault in FaultTable.All)
        {
            // The default is the example of this one.
            var text = fault.Name == "lifetime" ? "lifetime=23h" : $"{fault.Name}={fault.Example}";
            Assert.AreNotEqual(untouched, State(FaultTable.Parse(1, [text])), text);
        }
    }

    [TestMethod]
    [DataRow("drp=0.1", "drop=SHARE")]
    [DataRow("dropp", "drop=SHARE")]
    [DataRow("rest-stal=0.1", "rest-stall=SHARE")]
    [DataRow("upgradestatus=429:1", "upgrade-status=STATUS:SHARE[:TIME]")]
    public void Parse_Unknown_NamesTheNearestAndItsForm(string text, string nearest)
    {
        var failure = Assert.ThrowsExactly<ConfigurationException>(() => FaultTable.Parse(1, [text]));
        StringAssert.Contains(failure.Message, $"--fault '{text}': there is no such fault; the nearest is {nearest}, such as");
    }

    [TestMethod]
    [DataRow("drop")]
    [DataRow("drop=")]
    [DataRow("drop=1.1")]
    [DataRow("drop=-0.1")]
    [DataRow("drop=NaN")]
    [DataRow("drop=1e-2")]
    [DataRow("latency=250")]
    [DataRow("latency=0s")]
    [DataRow("latency=31d")]
    [DataRow("latency=infinite")]
    [DataRow("disconnect=:close")]
    [DataRow("disconnect=30s:gently")]
    [DataRow("rest-status=429")]
    [DataRow("rest-status=200:0.1")]
    [DataRow("rest-status=600:0.1")]
    [DataRow("rest-status=429:0.1:soon")]
    [DataRow("rest-html=403:0.1:5s")]
    [DataRow("rest-slow=0")]
    [DataRow("rest-slow=40B")]
    [DataRow("exchange-info=none")]
    public void Parse_Malformed_NamesTheForm(string text)
    {
        var failure = Assert.ThrowsExactly<ConfigurationException>(() => FaultTable.Parse(1, [text]));
        var usage = FaultTable.All.Single(fault => text.Split('=')[0] == fault.Name).Usage;
        StringAssert.StartsWith(failure.Message, $"--fault '{text}' is not {usage}, such as");
    }

    [TestMethod]
    public void Parse_GivenTwice_IsRefusedUnlessEachIsAStatus()
    {
        var failure = Assert.ThrowsExactly<ConfigurationException>(() => FaultTable.Parse(1, ["drop=0.1", "drop=0.2", "nothing=1"]));
        StringAssert.Contains(failure.Message, "--fault drop is given twice");
        StringAssert.Contains(failure.Message, "--fault 'nothing=1'");
        Assert.HasCount(2, FaultTable.Parse(1, ["rest-status=429:0.1", "rest-status=500:0.2"]).RestStatuses);
    }

    [TestMethod]
    [DataRow("rest-status=429:1", 1)]
    [DataRow("rest-status=418:1", 120)]
    [DataRow("rest-status=429:1:30s", 30)]
    [DataRow("rest-status=503:1", null)]
    public void Parse_Status_WaitsOnlyWhereTheExchangeSaysHowLong(string text, int? seconds) =>
        Assert.AreEqual(seconds, (int?)FaultTable.Parse(1, [text]).RestStatuses.Single().RetryAfter?.TotalSeconds);

    [TestMethod]
    public void Chance_OfTheSameSeed_HitsTheSameShare()
    {
        var drop = FaultTable.Parse(7, ["drop=0.1"]).Drop;
        var again = FaultTable.Parse(7, ["drop=0.1"]).Drop;
        var other = FaultTable.Parse(8, ["drop=0.1"]).Drop;
        var hits = Enumerable.Range(0, 100_000).Where(index => drop.Hits(index)).ToList();

        CollectionAssert.AreEqual(hits, Enumerable.Range(0, 100_000).Where(index => again.Hits(index)).ToList());
        CollectionAssert.AreNotEqual(hits, Enumerable.Range(0, 100_000).Where(index => other.Hits(index)).ToList());
        Assert.IsInRange(9_500, 10_500, hits.Count);
        Assert.IsTrue(Enumerable.Range(0, 1000).All(index => FaultTable.Parse(7, ["drop=1"]).Drop.Hits(index)));
        Assert.IsFalse(Enumerable.Range(0, 1000).Any(index => FaultTable.Parse(7, ["drop=0"]).Drop.Hits(index)));
    }

    [TestMethod]
    public void Table_InHelpAndDocument_IsTheOneThatIsRead()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "simulator.md")).ReplaceLineEndings("\n");
        var (start, end) = (document.IndexOf(Start, StringComparison.Ordinal), document.IndexOf(End, StringComparison.Ordinal));
        Assert.IsTrue(start >= 0 && end > start, $"docs/simulator.md has no {Start.Trim()} … {End.Trim()}.");
        var table = FaultTable.Markdown() + $"\n{FaultTable.Forms}\n";
        Assert.AreEqual(table, document[(start + Start.Length)..end], $"Paste this between the marks in docs/simulator.md:\n{table}");

        var help = SimulateCommand.Create().Description!;
        foreach (var fault in FaultTable.All)
        {
            StringAssert.Contains(help, fault.Usage);
            StringAssert.Contains(help, fault.Meaning);
        }
    }

    /// <summary>Every setting as text. A chance has none, and shows by what it hits.</summary>
    private static string State(Faults faults) =>
        string.Join(' ', typeof(Faults).GetProperties().Select(property => Text(property.GetValue(faults))));

    private static string Text(object? setting) => setting switch
    {
        Chance chance => string.Concat(Enumerable.Range(0, 10_000).Where(index => chance.Hits(index))),
        System.Collections.ICollection list => list.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => $"{setting}",
    };
}
