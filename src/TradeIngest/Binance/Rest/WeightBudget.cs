namespace Crypto.TradeIngest.Binance.Rest;

/// <summary>
/// The request weight this process may use per minute, shared by all its REST calls: the exchange counts per address and bans who
/// goes on after a refusal. The exchange's own count, a header of every reply, corrects ours upwards. Minutes are those of the clock when
/// the process began, counted on steadily: a clock that is set neither stops the calls nor gives a minute twice. Thread-safe.
/// </summary>
/// <param name="limit">Weight per minute; 6,000 by the exchange's rule.</param>
/// <param name="reserve">Kept for urgent calls and for other programs behind the same address.</param>
internal sealed class WeightBudget(
    TimeProvider clock, ExchangeBan ban, int limit = WeightBudget.DefaultLimit, int reserve = WeightBudget.DefaultReserve)
{
    public const int DefaultLimit = 6000;
    public const int DefaultReserve = 600;

    // The exchange's minute and ours may differ a little; spending starts when both have turned.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private long _minute;
    private int _used;

    /// <summary>Weight used in the current minute, as far as known.</summary>
    public int Used
    {
        get
        {
            lock (_gate)
            {
                Turn(ban.Now);
                return _used;
            }
        }
    }

    /// <summary>Holds back every call while it lasts.</summary>
    public ExchangeBan Ban => ban;

    /// <summary>Waits until <paramref name="weight"/> may be spent and spends it.</summary>
    /// <param name="isUrgent">May use the reserve.</param>
    /// <returns>The minute it counts in, for <see cref="Correct"/>.</returns>
    public async Task<long> SpendAsync(int weight, bool isUrgent, CancellationToken cancellationToken)
    {
        var available = isUrgent ? limit : limit - reserve;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weight, available);
        while (true)
        {
            TimeSpan wait;
            lock (_gate)
            {
                var now = ban.Now;
                Turn(now);
                if (now < ban.Until)
                {
                    wait = ban.Until - now;
                }
                else if (_used + weight > available)
                {
                    wait = DateTimeOffset.UnixEpoch.AddMinutes(_minute + 1) + ClockTolerance - now;
                }
                else
                {
                    _used += weight;
                    return _minute;
                }
            }

            await Task.Delay(wait, clock, cancellationToken);
        }
    }

    /// <summary>Takes over the exchange's count, unless the minute it belongs to is over.</summary>
    public void Correct(long minute, int used)
    {
        lock (_gate)
        {
            Turn(ban.Now);
            if (minute == _minute) _used = Math.Max(_used, used);
        }
    }

    private void Turn(DateTimeOffset now)
    {
        var minute = (now - ClockTolerance).ToUnixTimeSeconds() / 60;
        if (minute <= _minute) return;
        _minute = minute;
        _used = 0;
    }
}
