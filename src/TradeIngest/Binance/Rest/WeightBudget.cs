using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Binance.Rest;

/// <summary>
/// The request weight this process may use per minute, shared by all its REST calls: the exchange counts per address and bans who
/// goes on after a refusal. The exchange's own count, told in every reply, corrects ours upwards. Minutes are those of the clock when the
/// budget was made, counted on steadily: a clock that is set neither stops the calls nor gives a minute twice. Thread-safe.
/// </summary>
/// <param name="limit">Weight per minute; 6,000 by the exchange's rule.</param>
/// <param name="reserve">Kept for urgent calls and for other programs behind the same address.</param>
internal sealed class WeightBudget(TimeProvider clock, int limit = WeightBudget.DefaultLimit, int reserve = WeightBudget.DefaultReserve)
{
    public const int DefaultLimit = 6000;
    public const int DefaultReserve = 600;

    // The exchange's minute and ours may differ a little; spending starts when both have turned.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly DateTimeOffset _madeAt = clock.GetUtcNow();
    private readonly long _madeTimestamp = clock.GetTimestamp();
    private long _minute;
    private int _used;
    private DateTimeOffset _blockedUntil;

    /// <summary>Weight used in the current minute, as far as known.</summary>
    public int Used
    {
        get
        {
            lock (_gate)
            {
                Turn(Now);
                return _used;
            }
        }
    }

    /// <summary>When the exchange lets us ask again; in the past unless it refused.</summary>
    public DateTimeOffset BlockedUntil
    {
        get
        {
            lock (_gate) return _blockedUntil;
        }
    }

    private DateTimeOffset Now => _madeAt + clock.GetElapsedTime(_madeTimestamp);

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
                var now = Now;
                Turn(now);
                if (now < _blockedUntil)
                {
                    wait = _blockedUntil - now;
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
            Turn(Now);
            if (minute == _minute) _used = Math.Max(_used, used);
        }
    }

    /// <summary>No request before then: the exchange refused one. Never longer than its longest ban, whatever an answer says.</summary>
    public void Block(TimeSpan period)
    {
        lock (_gate)
        {
            var until = Now + (period < Backoff.LongestRetryAfter ? period : Backoff.LongestRetryAfter);
            if (until > _blockedUntil) _blockedUntil = until;
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
