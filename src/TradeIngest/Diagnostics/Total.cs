using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// A counter of a meter whose sum since start is read in process too, by reports and probes. Any threads write and read it. It costs one
/// interlocked addition while nobody listens to the meter, so hot loops count per batch.
/// </summary>
internal sealed class Total
{
    private readonly Counter<long> _counter;
    private readonly KeyValuePair<string, object?>[] _tags;
    private long _value;

    public Total(Meter meter, string name, string unit, string description)
        : this(meter.CreateCounter<long>(name, unit, description))
    {
    }

    internal Total(Counter<long> counter, params KeyValuePair<string, object?>[] tags) => (_counter, _tags) = (counter, tags);

    public long Value => Volatile.Read(ref _value);

    public void Increment() => Add(1);

    public void Add(long count)
    {
        Interlocked.Add(ref _value, count);
        _counter.Add(count, _tags);
    }
}

/// <summary>A counter with one tag, which has few values: a <see cref="Total"/> for each that was met.</summary>
internal sealed class TotalsByTag(Meter meter, string name, string tag, string unit, string description)
{
    private readonly Counter<long> _counter = meter.CreateCounter<long>(name, unit, description);
    private readonly ConcurrentDictionary<string, Total> _totals = new(StringComparer.Ordinal);

    /// <summary>Over all values of the tag.</summary>
    public long Value => _totals.Values.Sum(total => total.Value);

    public Total this[string value] => _totals.GetOrAdd(value, key => new Total(_counter, new KeyValuePair<string, object?>(tag, key)));
}

/// <summary>As <see cref="Total"/>, of what begins and ends: how many there are now.</summary>
internal sealed class Level(Meter meter, string name, string unit, string description)
{
    private readonly UpDownCounter<long> _counter = meter.CreateUpDownCounter<long>(name, unit, description);
    private long _value;

    public long Value => Volatile.Read(ref _value);

    public void Increment() => Add(1);

    public void Decrement() => Add(-1);

    private void Add(int change)
    {
        Interlocked.Add(ref _value, change);
        _counter.Add(change);
    }
}
