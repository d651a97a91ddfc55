using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>A subscription to klines, and how far it has come: <c>btcusdt@kline_1m</c>, <c>btcusdt@kline_1d@+08:00</c>.</summary>
internal sealed class KlineStream(string name, int ordinal, KlineInterval interval, TimeSpan zone)
{
    private const string EasternZone = "@+08:00";

    public string Name { get; } = name;

    public int Ordinal { get; } = ordinal;

    public KlineInterval Interval { get; } = interval;

    public TimeSpan Zone { get; } = zone;

    /// <summary>The kline sent last and not yet closed. Only the feed's.</summary>
    public Timestamp? Open { get; set; }

    /// <param name="name">The whole name.</param>
    /// <param name="type">What is behind the symbol.</param>
    /// <param name="ordinal">The listing.</param>
    /// <returns>Null when it names no klines.</returns>
    public static KlineStream? TryParse(string name, string type, int ordinal)
    {
        if (!type.StartsWith(StreamNames.Kline, StringComparison.Ordinal)) return null;
        var isEastern = type.EndsWith(EasternZone, StringComparison.Ordinal);
        var end = type.Length - (isEastern ? EasternZone.Length : 0);
        return KlineInterval.Find(type[StreamNames.Kline.Length..end]) is { } interval
            ? new KlineStream(name, ordinal, interval, TimeSpan.FromHours(isEastern ? 8 : 0))
            : null;
    }
}
