namespace Crypto.TradeIngest.Binance;

/// <summary>
/// How long to wait before the next connection: the ceiling doubles with every failure up to the maximum, and the delay is drawn
/// from its upper half, so that shards that fell together do not come back together. Owned by one shard.
/// </summary>
internal sealed class ReconnectBackoff(TimeSpan minimum, TimeSpan maximum, Random random)
{
    private int _failures;

    public TimeSpan Next()
    {
        // 2^20 times any sensible minimum is past any sensible maximum, and does not overflow.
        var doublings = Math.Min(_failures++, 20) + 1;
        var ceiling = Math.Min(maximum.TotalMilliseconds, minimum.TotalMilliseconds * Math.Pow(2, doublings));
        return TimeSpan.FromMilliseconds(Math.Max(minimum.TotalMilliseconds, ceiling * (0.5 + (random.NextDouble() / 2))));
    }

    /// <summary>After a healthy period.</summary>
    public void Reset() => _failures = 0;
}
