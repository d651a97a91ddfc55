namespace Crypto.TestSupport;

/// <summary>
/// A clock that stands still until it is advanced. Timers fire inside <see cref="Advance"/>, in the order they are due, with the
/// clock at their due time. Thread-safe.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private TimeSpan _set;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 2, 3, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public ManualTimeProvider(DateTimeOffset start) => _now = start;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers armed now; a test waits for one to know that the code under test has come to its delay.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_gate) return _timers.Count(timer => timer.Due is not null);
        }
    }

    /// <summary>Time until the next armed timer; null when none is.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_gate) return _timers.Min(timer => timer.Due) - _now;
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate) return _now + _set;
    }

    public override long GetTimestamp()
    {
        lock (_gate) return _now.UtcTicks;
    }

    /// <summary>Somebody sets the clock: the time of day changes, and nothing has passed.</summary>
    public void Set(TimeSpan by)
    {
        lock (_gate) _set += by;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (_gate) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock forward and fires what becomes due.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        DateTimeOffset target;
        lock (_gate) target = _now + by;
        while (true)
        {
            ManualTimer? next;
            lock (_gate)
            {
                next = _timers.Where(timer => timer.Due <= target).MinBy(timer => timer.Due);
                if (next is null)
                {
                    if (_now < target) _now = target;
                    return;
                }

                if (_now < next.Due!.Value) _now = next.Due.Value;
                next.Due = next.Period > TimeSpan.Zero ? next.Due + next.Period : null;
            }

            // Outside the lock: callbacks read the clock and arm timers.
            next.Fire();
        }
    }

    /// <summary>Moves the clock forward once the code under test waits for no longer than that.</summary>
    public async Task AdvanceToNextTimerAsync(TimeSpan by)
    {
        using var patience = Patience.Start();
        while (NextDue is not { } due || due > by)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        Advance(by);
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        public DateTimeOffset? Due { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool fire;
            lock (clock._gate)
            {
                if (!clock._timers.Contains(this)) return false;
                Period = period;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime;
                fire = dueTime == TimeSpan.Zero;
                if (fire) Due = period > TimeSpan.Zero ? clock._now + period : null;
            }

            // A timer of the platform fires on the pool, never inside Change.
            if (fire) ThreadPool.QueueUserWorkItem(_ => Fire());
            return true;
        }

        public void Dispose()
        {
            lock (clock._gate) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
