using System.Globalization;

namespace Crypto.TradeIngest.Configuration;

/// <summary>Values of options as text: how they are read, and how they are shown.</summary>
internal static class OptionText
{
    private const string Infinite = "infinite";

    private static readonly (string Name, TimeSpan Length)[] DurationUnits =
    [
        ("d", TimeSpan.FromDays(1)), ("h", TimeSpan.FromHours(1)), ("m", TimeSpan.FromMinutes(1)), ("s", TimeSpan.FromSeconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)),
    ];

    private static readonly (string Name, long Size)[] ByteUnits =
    [
        ("TiB", 1L << 40), ("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("TB", 1_000_000_000_000), ("GB", 1_000_000_000),
        ("MB", 1_000_000), ("KB", 1_000), ("B", 1),
    ];

    /// <summary>Null when the text is no value of the type.</summary>
    public static object? Parse(Type type, bool isBytes, string text)
    {
        if (type == typeof(string)) return text;
        if (type == typeof(bool)) return bool.TryParse(text, out var flag) ? flag : null;
        if (type == typeof(TimeSpan)) return ParseDuration(text);
        if (type.IsEnum)
        {
            // Not by their numbers, which Enum.TryParse takes too.
            return Array.Find(Enum.GetNames(type), name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name
                ? Enum.Parse(type, name)
                : null;
        }

        var number = isBytes ? ParseBytes(text) : ParseWhole(text);
        var (from, to) = BoundsOf(type);
        return number >= from && number <= to ? Convert.ChangeType((long)number.Value, type, CultureInfo.InvariantCulture) : null;
    }

    /// <summary>
    /// A number with its unit (<c>500ms</c>, <c>1.5s</c>, <c>5m</c>, <c>2h</c>, <c>7d</c>), or hours:minutes:seconds, with days in front
    /// as in <c>7.00:00:00</c>. Null for anything else; a bare number says nothing of its unit.
    /// </summary>
    public static TimeSpan? ParseDuration(string text)
    {
        if (text.Equals(Infinite, StringComparison.OrdinalIgnoreCase)) return Timeout.InfiniteTimeSpan;
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var clock) ? clock : null;
        }

        var digits = text.TrimEnd('d', 'h', 'm', 's');
        var unit = Array.Find(DurationUnits, unit => unit.Name == text[digits.Length..]);
        const NumberStyles Plain = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (unit.Name is null || !decimal.TryParse(digits, Plain, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        // Divided before it is compared, since the product of large numbers overflows.
        return Math.Abs(number) <= TimeSpan.MaxValue.Ticks / unit.Length.Ticks
            ? TimeSpan.FromTicks((long)(number * unit.Length.Ticks))
            : null;
    }

    /// <summary>What a text that is no value of the type is not.</summary>
    public static string Expected(Type type, bool isBytes)
    {
        if (type == typeof(bool)) return "neither true nor false";
        if (type == typeof(TimeSpan))
        {
            return "no duration: write a number with its unit, such as 500ms, 20s, 5m, 2h or 7d, or hours:minutes:seconds such as 00:00:20";
        }

        if (type.IsEnum) return $"none of {string.Join(", ", Enum.GetNames(type))}";
        if (isBytes) return "no size: write bytes such as 65536, or a number with its unit, such as 64KiB, 512MiB or 1GB";
        var (from, to) = BoundsOf(type);
        return string.Create(CultureInfo.InvariantCulture, $"no whole number from {from} to {to}");
    }

    /// <summary>The value as it can be read again, in the largest unit that leaves no fraction.</summary>
    public static string Format(object? value, bool isBytes) => value switch
    {
        null => "",
        TimeSpan duration => Format(duration),
        bool flag => flag ? "true" : "false",
        IFormattable number when isBytes => Format(Convert.ToInt64(number, CultureInfo.InvariantCulture)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Format(TimeSpan duration)
    {
        if (duration == Timeout.InfiniteTimeSpan) return Infinite;
        if (duration == TimeSpan.Zero) return "0s";
        var unit = Array.Find(DurationUnits, unit => duration.Ticks % unit.Length.Ticks == 0);
        return unit.Name is null
            ? duration.ToString("c", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{duration.Ticks / unit.Length.Ticks}{unit.Name}");
    }

    private static string Format(long bytes)
    {
        var unit = bytes == 0
            ? default
            : Array.Find(ByteUnits, unit => unit.Name.Contains('i', StringComparison.Ordinal) && bytes % unit.Size == 0);
        return unit.Name is null
            ? bytes.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / unit.Size}{unit.Name}");
    }

    private static Int128? ParseBytes(string text)
    {
        var unit = Array.Find(ByteUnits, unit => text.EndsWith(unit.Name, StringComparison.OrdinalIgnoreCase));
        return unit.Name is null ? ParseWhole(text) : ParseWhole(text[..^unit.Name.Length].TrimEnd()) * unit.Size;
    }

    // No number of more digits fits any option.
    private static Int128? ParseWhole(string text) =>
        text.Length <= 20 && Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    private static (long From, long To) BoundsOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int16 => (short.MinValue, short.MaxValue),
        TypeCode.Int32 => (int.MinValue, int.MaxValue),
        TypeCode.Int64 => (long.MinValue, long.MaxValue),
        _ => throw new NotSupportedException($"Options of type {type} cannot be read."),
    };
}
