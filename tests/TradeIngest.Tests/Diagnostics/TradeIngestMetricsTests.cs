using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Tests.Diagnostics;

[TestClass]
public sealed partial class TradeIngestMetricsTests
{
    private const string Start = "<!-- instruments -->\n";

    private const string End = "<!-- end of instruments -->\n";

    [TestMethod]
    public void Operations_TableOfInstruments_IsTheGeneratedOne()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md")).ReplaceLineEndings("\n");
        var table = InstrumentTable.OfAll();
        var (start, end) = (document.IndexOf(Start, StringComparison.Ordinal), document.IndexOf(End, StringComparison.Ordinal));

        Assert.IsTrue(start >= 0 && end > start, $"docs/operations.md has no {Start.Trim()} … {End.Trim()}.");
        Assert.AreEqual(table, document[(start + Start.Length)..end], $"Paste this between the marks in docs/operations.md:\n{table}");
    }

    [TestMethod]
    public void Instruments_Names_AreUniqueLowerCaseAndNoPrefixOfAnother()
    {
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        using var heard = new MeterReadings(meter);
        _ = new TradeIngestMetrics(meter);
        var names = heard.Instruments.Select(instrument => instrument.Name).ToList();

        CollectionAssert.AllItemsAreUnique(names);
        foreach (var name in names)
        {
            Assert.MatchesRegex(Name(), name);
            Assert.IsFalse(names.Exists(other => other.StartsWith(name + ".", StringComparison.Ordinal)), name);
        }
    }

    [TestMethod]
    public void Add_WithAndWithoutTags_IsHeardAndStaysReadable()
    {
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        using var heard = new MeterReadings(meter);
        var metrics = new TradeIngestMetrics(meter);

        metrics.Stream.Frames.Add(3);
        metrics.Stream.Frames.Increment();
        metrics.Quality.Invalid["price_not_positive"].Add(2);
        metrics.Quality.Invalid["bad_symbol"].Increment();
        metrics.Stream.Connections.Increment();
        metrics.Stream.Connections.Increment();
        metrics.Stream.Connections.Decrement();

        Assert.AreEqual((4L, 4L), (metrics.Stream.Frames.Value, heard["trade_ingest.stream.frames"]));
        Assert.AreEqual((3L, 3L), (metrics.Quality.Invalid.Value, heard["trade_ingest.quality.invalid"]));
        Assert.AreEqual(2, heard["trade_ingest.quality.invalid", "reason", "price_not_positive"]);
        Assert.AreEqual((1L, 1L), (metrics.Stream.Connections.Value, heard["trade_ingest.stream.connections"]));
    }

    [TestMethod]
    public void Observed_NothingToRead_IsSilentAndThenSaysWhatIsThere()
    {
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        using var heard = new MeterReadings(meter);
        var metrics = new TradeIngestMetrics(meter);
        var silent = heard["trade_ingest.channel.depth"];
        var measurements = heard.CountOf("trade_ingest.channel.depth");
        var depth = 5L;

        metrics.Channel.Depth.ReadFrom(() => depth);

        Assert.AreEqual((0L, 0L, 5L), (silent, measurements, heard["trade_ingest.channel.depth"]));
        depth = 2;
        Assert.AreEqual(2, heard["trade_ingest.channel.depth"]);
    }

    [TestMethod]
    public void Latency_Microseconds_IsHeardInSeconds()
    {
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        using var heard = new MeterReadings(meter);
        var latency = new TradeIngestMetrics(meter).Sink.Latency;

        latency.Record(3_000_000);
        latency.Record(-1);

        Assert.AreEqual((2L, 3L), (heard.CountOf("trade_ingest.sink.latency"), heard["trade_ingest.sink.latency"]));
    }

    [GeneratedRegex(@"^trade_ingest(\.[a-z]+(_[a-z]+)*){2}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Name();
}
