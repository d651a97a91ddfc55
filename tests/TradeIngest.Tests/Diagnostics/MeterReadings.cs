using System.Diagnostics.Metrics;

namespace Crypto.TradeIngest.Tests.Diagnostics;

/// <summary>What a listener hears of the meters of one scope: sums of counters, the latest of what is observed.</summary>
internal sealed class MeterReadings : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Name, string Tag), double> _sums = [];
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);
    private readonly List<Instrument> _instruments = [];
    private readonly MeterListener _listener = new();

    /// <param name="scope">A meter, or the factory of meters.</param>
    public MeterReadings(object scope)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter != scope && instrument.Meter.Scope != scope) return;
            lock (_gate) _instruments.Add(instrument);
            listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    public IReadOnlyList<Instrument> Instruments
    {
        get
        {
            lock (_gate) return [.. _instruments];
        }
    }

    /// <summary>Over all tags.</summary>
    public long this[string name] => (long)Sum(reading => reading.Name == name);

    public long this[string name, string tag, string value] => (long)SecondsOf(name, tag, value);

    public double SecondsOf(string name, string tag, string value) => Sum(reading => reading == (name, $"{tag}={value}"));

    /// <summary>Measurements, of a histogram.</summary>
    public long CountOf(string name)
    {
        lock (_gate) return _counts.GetValueOrDefault(name);
    }

    public void Dispose() => _listener.Dispose();

    private double Sum(Predicate<(string Name, string Tag)> isWanted)
    {
        _listener.RecordObservableInstruments();
        lock (_gate) return _sums.Where(pair => isWanted(pair.Key)).Sum(pair => pair.Value);
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = (instrument.Name, string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}")));
        lock (_gate)
        {
            _sums[key] = instrument.IsObservable ? value : _sums.GetValueOrDefault(key) + value;
            _counts[instrument.Name] = _counts.GetValueOrDefault(instrument.Name) + 1;
        }
    }
}
