using System.Globalization;

namespace Crypto.TradeModel.Times;

/// <summary>An instant in UTC, exact to the microsecond.</summary>
/// <param name="Microseconds">Microseconds since 1970-01-01T00:00:00Z.</param>
public readonly record struct Timestamp(long Microseconds) : IComparable<Timestamp>
{
    /// <summary>What <see cref="TryParse"/> takes, in the words of an error message.</summary>
    public const string Forms =
        "an ISO 8601 date or time, such as 2026-03-01 or 2026-03-01T12:30:00Z, in UTC where it names no offset such as +02:00";

    private const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    // Year first and every part written out: nothing else has one reading only. RFC 3339 allows the space, which SQLite writes.
    private static readonly string[] Spellings =
    [
        "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd' 'HH:mmK", "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
    ];

    /// <summary>1970-01-01: where a dimension's first version starts.</summary>
    public static Timestamp Epoch => default;

    /// <summary>9999-12-31T00:00:00Z: the open end of a current version.</summary>
    public static Timestamp EndOfTime => new(253_402_214_400_000_000);

    public static Timestamp FromMilliseconds(long milliseconds) => new(milliseconds * 1000);

    public static Timestamp From(DateTimeOffset instant) =>
        new((instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);

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

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is no such date or time.</exception>
    public static Timestamp Parse(string text) => From(DateTimeOffset.ParseExact(text, Spellings, CultureInfo.InvariantCulture, Utc));

    /// <summary>
    /// Reads an ISO 8601 date (its first instant) or date and time, <c>2026-03-01T12:30[:05[.123456]][Z|+02:00]</c>. Without an offset it
    /// is UTC. What could be read in more than one way, such as 12:00 or 01/02/2026, is refused.
    /// </summary>
    public static bool TryParse(string? text, out Timestamp timestamp)
    {
        var parsed = DateTimeOffset.TryParseExact(text, Spellings, CultureInfo.InvariantCulture, Utc, out var instant);
        timestamp = parsed ? From(instant) : default;
        return parsed;
    }

    /// <exception cref="ArgumentOutOfRangeException">The instant is outside the years 1 to 9999.</exception>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch.AddTicks(Microseconds * TimeSpan.TicksPerMicrosecond);

    public int CompareTo(Timestamp other) => Microseconds.CompareTo(other.Microseconds);

    public static TimeSpan operator -(Timestamp later, Timestamp earlier) =>
        TimeSpan.FromTicks((later.Microseconds - earlier.Microseconds) * TimeSpan.TicksPerMicrosecond);

    public static Timestamp operator +(Timestamp start, TimeSpan span) =>
        new(start.Microseconds + (span.Ticks / TimeSpan.TicksPerMicrosecond));

    public static bool operator <(Timestamp left, Timestamp right) => left.Microseconds < right.Microseconds;

    public static bool operator >(Timestamp left, Timestamp right) => left.Microseconds > right.Microseconds;

    public static bool operator <=(Timestamp left, Timestamp right) => left.Microseconds <= right.Microseconds;

    public static bool operator >=(Timestamp left, Timestamp right) => left.Microseconds >= right.Microseconds;

    /// <summary>
    /// ISO 8601 that sorts as text: <c>2026-02-03T00:00:00.005000Z</c>; the bare number when the year is outside 1 to 9999.
    /// </summary>
    public override string ToString()
    {
        const long MinMicroseconds = -62_135_596_800_000_000;
        const long MaxMicroseconds = 253_402_300_799_999_999;
        return Microseconds is >= MinMicroseconds and <= MaxMicroseconds
            ? ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture)
            : Microseconds.ToString(CultureInfo.InvariantCulture);
    }
}
