namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>How a request fares against the limits of its address.</summary>
internal enum WeightVerdict
{
    Allowed,

    /// <summary>429: over the minute's weight.</summary>
    Refused,

    /// <summary>418: went on regardless.</summary>
    Banned,
}

/// <summary>
/// Request weight of one address: counted per minute of the clock, refused above the limit, banned after repeated refusals, with
/// bans that double in length. Thread-safe.
/// </summary>
internal sealed class WeightBudget(SimulatedExchangeOptions options)
{
    private static readonly TimeSpan LongestBan = TimeSpan.FromDays(3);

    private readonly Lock _counting = new();
    private long _minute;
    private int _used;
    private int _refusals;
    private int _bans;
    private DateTimeOffset _bannedUntil;

    /// <param name="used">The minute's weight, this request included.</param>
    /// <param name="retryAt">When to come back; meaningless when allowed.</param>
    public WeightVerdict Spend(int weight, out int used, out DateTimeOffset retryAt)
    {
        lock (_counting)
        {
            var now = options.TimeProvider.GetUtcNow();
            var minute = now.UtcTicks / TimeSpan.TicksPerMinute;
            if (minute != _minute) (_minute, _used, _refusals) = (minute, 0, 0);

            _used += weight;
            used = _used;
            retryAt = _bannedUntil;
            if (now < _bannedUntil) return WeightVerdict.Banned;

            retryAt = new DateTimeOffset((minute + 1) * TimeSpan.TicksPerMinute, TimeSpan.Zero);
            if (_used <= options.WeightPerMinute) return WeightVerdict.Allowed;
            if (++_refusals <= options.RefusalsBeforeBan) return WeightVerdict.Refused;

            var length = options.Ban * Math.Pow(2, Math.Min(_bans++, 16));
            _bannedUntil = now + (length < LongestBan ? length : LongestBan);
            retryAt = _bannedUntil;
            return WeightVerdict.Banned;
        }
    }
}
