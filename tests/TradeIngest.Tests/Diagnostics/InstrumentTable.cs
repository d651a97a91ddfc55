using System.Diagnostics.Metrics;
using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Tests.Diagnostics;

/// <summary>Instruments as docs/operations.md lists them.</summary>
internal static class InstrumentTable
{
    /// <summary>All that <see cref="TradeIngestMetrics"/> has.</summary>
    public static string OfAll()
    {
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        using var heard = new MeterReadings(meter);
        _ = new TradeIngestMetrics(meter);
        return Of(heard.Instruments);
    }

    public static string Of(IEnumerable<Instrument> instruments) =>
        "| instrument | kind | unit | meaning |\n|---|---|---|---|\n"
        + string.Concat(instruments.Select(one => $"| `{one.Name}` | {KindOf(one)} | `{one.Unit}` | {one.Description} |\n"));

    private static string KindOf(Instrument instrument) => instrument switch
    {
        Counter<long> or Counter<double> or ObservableCounter<long> => "counter",
        UpDownCounter<long> or ObservableUpDownCounter<long> => "up-down counter",
        Histogram<double> => "histogram",
        _ => throw new ArgumentException($"{instrument.Name} is a {instrument.GetType().Name}.", nameof(instrument)),
    };
}
