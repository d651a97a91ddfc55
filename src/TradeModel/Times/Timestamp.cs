using System.Globalization;

namespace Crypto.TradeModel.Times;

/// <summary>An instant in UTC, exact to the microsecond.</summary>
/// <param name="Microseconds">Microseconds since 1970-01-01T00:00:00Z.</param>
public readonly record struct Timestamp(long Microseconds) : IComparable<Timestamp>
{
    /// <summary>1970-01-01: where a dimension's first version starts.</summary>
    public static Timestamp Epoch => default;

    /// <summary>9999-12-31T00:00:00Z: the open end of a current version.</summary>
    public static Timestamp EndOfTime => new(253_402_214_400_000_000);

    public static Timestamp FromMilliseconds(long milliseconds) => new(milliseconds * 1000);

    public static Timestamp From(DateTimeOffset instant) => new((instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>
    /// Reads a Unix time whose unit is not stated. Milliseconds stay under 1e14 until the year 5138, microseconds passed it
    /// in 1973, so the magnitude tells: the same rule serves live frames and archive files, which changed unit in 2025.
    /// </summary>
    public static Timestamp FromUnixGuessingUnit(long value) => value is < 100_000_000_000_000 and > -100_000_000_000_000
        ? FromMilliseconds(value)
        : new Timestamp(value);

    public static Timestamp Now(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return From(clock.GetUtcNow());
    }

    /// <exception cref="FormatException">The text is not an ISO 8601 instant.</exception>
    public static Timestamp Parse(string text) =>
        From(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal));

    public static bool TryParse(string? text, out Timestamp timestamp)
    {
        var parsed = DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var instant);
        timestamp = parsed ? From(instant) : default;
        return parsed;
    }

    /// <exception cref="ArgumentOutOfRangeException">The instant is outside the years 1 to 9999.</exception>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Microseconds * TimeSpan.TicksPerMicrosecond);

    public int CompareTo(Timestamp other) => Microseconds.CompareTo(other.Microseconds);

    public static TimeSpan operator -(Timestamp later, Timestamp earlier) =>
        TimeSpan.FromTicks((later.Microseconds - earlier.Microseconds) * TimeSpan.TicksPerMicrosecond);

    public static Timestamp operator +(Timestamp start, TimeSpan span) => new(start.Microseconds + (span.Ticks / TimeSpan.TicksPerMicrosecond));

    public static bool operator <(Timestamp left, Timestamp right) => left.Microseconds < right.Microseconds;

    public static bool operator >(Timestamp left, Timestamp right) => left.Microseconds > right.Microseconds;

    public static bool operator <=(Timestamp left, Timestamp right) => left.Microseconds <= right.Microseconds;

    public static bool operator >=(Timestamp left, Timestamp right) => left.Microseconds >= right.Microseconds;

    /// <summary>ISO 8601 that sorts as text: <c>2026-02-03T00:00:00.005000Z</c>; the bare number when the year is outside 1 to 9999.</summary>
    public override string ToString()
    {
        const long MinMicroseconds = -62_135_596_800_000_000;
        const long MaxMicroseconds = 253_402_300_799_999_999;
        return Microseconds is >= MinMicroseconds and <= MaxMicroseconds
            ? ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
            : Microseconds.ToString(CultureInfo.InvariantCulture);
    }
}
