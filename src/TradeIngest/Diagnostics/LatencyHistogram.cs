using System.Diagnostics.Metrics;
using System.Numerics;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// Counts durations in microseconds in buckets of about 1.6 % width (64 per power of two), so that a percentile costs no stored
/// samples. One writer at a time; readers see counts that are at most a moment old. What listens to the meter gets each duration, since
/// histograms add up over processes and stretches of time, and percentiles do not.
/// </summary>
internal sealed class LatencyHistogram(Meter meter, string name, string description)
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;

    // From a millisecond, as on one machine, to what a Snowflake takes.
    private static readonly InstrumentAdvice<double> Buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private readonly Histogram<double> _seconds = meter.CreateHistogram(name, "s", description, tags: null, Buckets);
    private readonly long[] _counts = new long[(64 - SubBits + 1) * SubBuckets];
    private long _total;

    /// <summary>To be held while recording, where several threads do.</summary>
    public Lock Writing { get; } = new();

    public long Count => Volatile.Read(ref _total);

    public long Max { get; private set; }

    /// <param name="microseconds">Negative ones, from clocks that differ, count as zero.</param>
    public void Record(long microseconds)
    {
        var value = Math.Max(0, microseconds);
        _counts[BucketOf((ulong)value)]++;
        if (value > Max) Max = value;
        Volatile.Write(ref _total, _total + 1);
        if (_seconds.Enabled) _seconds.Record(value / 1e6);
    }

    /// <summary>
    /// The duration that this share of all did not exceed, in microseconds, rounded up to its bucket; 0 when nothing was recorded.
    /// </summary>
    public long Percentile(double share)
    {
        var wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= wanted && seen > 0) return Math.Min(Max, UpperBoundOf(bucket));
        }

        return Max;
    }

    private static int BucketOf(ulong value)
    {
        if (value < SubBuckets) return (int)value;
        var exponent = BitOperations.Log2(value) - SubBits;
        return ((exponent + 1) << SubBits) + (int)((value >> exponent) - SubBuckets);
    }

    private static long UpperBoundOf(int bucket)
    {
        if (bucket < SubBuckets) return bucket;
        var exponent = (bucket >> SubBits) - 1;
        return (((long)(bucket & (SubBuckets - 1)) + SubBuckets + 1) << exponent) - 1;
    }
}
