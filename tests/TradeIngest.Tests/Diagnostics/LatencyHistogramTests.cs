using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Tests.Diagnostics;

[TestClass]
public sealed class LatencyHistogramTests
{
    /// <summary>Buckets are a 64th of a power of two wide.</summary>
    private const double Width = 1.0 / 64;

    [TestMethod]
    [DataRow(1, 1_000)]
    [DataRow(2, 50_000_000)]
    [DataRow(3, long.MaxValue)]
    public void Percentile_RandomDurations_IsAtMostABucketAboveTheExactOne(int seed, long largest)
    {
        var random = new Random(seed);
        var histogram = new TradeIngestMetrics().Sink.Latency;

        // As latencies are: most are small, few are large.
        var durations = Enumerable.Range(0, 10_000).Select(_ => (long)(largest * Math.Pow(random.NextDouble(), 4))).ToArray();
        foreach (var duration in durations) histogram.Record(duration);
        Array.Sort(durations);

        foreach (var share in new[] { 0.0001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1 })
        {
            var exact = durations[(int)Math.Ceiling(durations.Length * share) - 1];
            var estimate = histogram.Percentile(share);
            Assert.IsGreaterThanOrEqualTo(exact, estimate, $"{share}");
            Assert.IsLessThanOrEqualTo((exact * (1 + Width)) + 1, estimate, $"{share}");
        }

        Assert.AreEqual(10_000, histogram.Count);
        Assert.AreEqual(durations[^1], histogram.Max);
        Assert.AreEqual(durations[^1], histogram.Percentile(1));
    }

    [TestMethod]
    public void Percentile_SmallDurations_IsExact()
    {
        var histogram = new TradeIngestMetrics().Sink.Latency;
        for (var i = 0; i < 100; i++) histogram.Record(i);

        Assert.AreEqual(49, histogram.Percentile(0.5));
        Assert.AreEqual(0, histogram.Percentile(0.01));
    }

    [TestMethod]
    public void Percentile_Nothing_IsZero()
    {
        var histogram = new TradeIngestMetrics().Sink.Latency;

        Assert.AreEqual((0L, 0L, 0L), (histogram.Percentile(0.5), histogram.Max, histogram.Count));
    }

    [TestMethod]
    public void Record_EdgesOfTheRange_AreCounted()
    {
        var histogram = new TradeIngestMetrics().Sink.Latency;
        foreach (var value in new[] { long.MinValue, -1, 0, 63, 64, 127, 128, long.MaxValue - 1, long.MaxValue }) histogram.Record(value);

        Assert.AreEqual(9, histogram.Count);
        Assert.AreEqual(0, histogram.Percentile(0.3));
        Assert.AreEqual(long.MaxValue, histogram.Percentile(1));
    }
}
