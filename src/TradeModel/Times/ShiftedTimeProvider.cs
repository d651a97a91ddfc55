namespace Crypto.TradeModel.Times;

/// <summary>Another clock's time of day, shifted. Timers and timestamps are those of the other clock. Thread-safe.</summary>
public class ShiftedTimeProvider(TimeProvider inner) : TimeProvider
{
    private long _offsetTicks;

    /// <summary>Added to the other clock's time of day. Default zero.</summary>
    public TimeSpan Offset
    {
        get => TimeSpan.FromTicks(Volatile.Read(ref _offsetTicks));
        set => Volatile.Write(ref _offsetTicks, value.Ticks);
    }

    public override TimeZoneInfo LocalTimeZone => inner.LocalTimeZone;

    public override long TimestampFrequency => inner.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Offset;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);
}
