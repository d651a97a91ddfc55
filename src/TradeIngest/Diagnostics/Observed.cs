using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// An instrument over values that stand elsewhere and are read only when somebody collects. It reports nothing before it has something to
/// read, so that a process without a role has none of its figures.
/// </summary>
internal sealed class Observed
{
    private readonly ConcurrentBag<Func<Measurement<long>>> _sources = [];

    private Observed()
    {
    }

    /// <summary>A value that rises and falls, and adds up over processes.</summary>
    public static Observed UpDown(Meter meter, string name, string unit, string description)
    {
        var observed = new Observed();
        meter.CreateObservableUpDownCounter(name, observed.Read, unit, description);
        return observed;
    }

    /// <summary>A value that only rises.</summary>
    public static Observed Counter(Meter meter, string name, string unit, string description)
    {
        var observed = new Observed();
        meter.CreateObservableCounter(name, observed.Read, unit, description);
        return observed;
    }

    /// <param name="read">Called on the collecting thread, for as long as the meter lives.</param>
    public void ReadFrom(Func<long> read, params KeyValuePair<string, object?>[] tags) => _sources.Add(() => new(read(), tags));

    private IEnumerable<Measurement<long>> Read() => _sources.Select(source => source());
}
