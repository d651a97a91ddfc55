using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>The stretches of time that klines cover: of equal length from the epoch, weeks from a Monday, months of the calendar.</summary>
/// <param name="Microseconds">Its length; of a month none.</param>
internal sealed record KlineInterval(string Name, long Microseconds)
{
    public const long Minute = 60_000_000;

    private const long Hour = 60 * Minute;
    private const long Day = 24 * Hour;
    private const long Week = 7 * Day;

    // The epoch was a Thursday.
    private const long FirstMonday = 4 * Day;

    private static readonly Dictionary<string, KlineInterval> ByName = new KlineInterval[]
    {
        new("1s", 1_000_000), new("1m", Minute), new("3m", 3 * Minute), new("5m", 5 * Minute), new("15m", 15 * Minute),
        new("30m", 30 * Minute), new("1h", Hour), new("2h", 2 * Hour), new("4h", 4 * Hour), new("6h", 6 * Hour), new("8h", 8 * Hour),
        new("12h", 12 * Hour), new("1d", Day), new("3d", 3 * Day), new("1w", Week), new("1M", 0),
    }.ToDictionary(interval => interval.Name, StringComparer.Ordinal);

    /// <summary>Null when there is none of the name, in which case counts: <c>1m</c> is a minute, <c>1M</c> a month.</summary>
    public static KlineInterval? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>When the kline that a time falls in opens.</summary>
    /// <param name="zone">The offset from UTC of the days, weeks and months.</param>
    public Timestamp OpenOf(Timestamp time, TimeSpan zone)
    {
        var local = time + zone;
        if (Microseconds == 0) return Timestamp.From(MonthOf(local)) + -zone;
        var anchor = Microseconds == Week ? FirstMonday : 0;
        return new Timestamp(local.Microseconds - Modulo(local.Microseconds - anchor)) + -zone;
    }

    /// <summary>When the kline behind the one that opens then does.</summary>
    public Timestamp NextOf(Timestamp open, TimeSpan zone) =>
        Microseconds == 0 ? Timestamp.From(MonthOf(open + zone).AddMonths(1)) + -zone : new Timestamp(open.Microseconds + Microseconds);

    /// <summary>When the kline that lies so many before the one that opens then does.</summary>
    public Timestamp Before(Timestamp open, int count, TimeSpan zone) => Microseconds == 0
        ? Timestamp.From(MonthOf(open + zone).AddMonths(-count)) + -zone
        : new Timestamp(open.Microseconds - (Microseconds * count));

    private static DateTimeOffset MonthOf(Timestamp time)
    {
        var day = DateTimeOffset.UnixEpoch.AddMicroseconds(time.Microseconds);
        return new DateTimeOffset(day.Year, day.Month, 1, 0, 0, 0, TimeSpan.Zero);
    }

    private long Modulo(long microseconds) => ((microseconds % Microseconds) + Microseconds) % Microseconds;
}
