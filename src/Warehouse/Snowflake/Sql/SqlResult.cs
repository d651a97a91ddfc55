using System.Globalization;
using System.Numerics;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <param name="Type">Snowflake's name of the type, such as <c>fixed</c> or <c>timestamp_ntz</c>; of the provider over ADO.NET.</param>
public sealed record SqlColumn(string Name, string Type, int Scale);

/// <summary>
/// All rows of a result. Values are null, <see cref="long"/> or <see cref="BigInteger"/>, <see cref="SqlDecimal"/>, <see cref="double"/>,
/// <see cref="string"/> (also JSON of a variant), <see cref="bool"/>, <see cref="SqlInstant"/>, <see cref="SqlTimeOfDay"/>,
/// <see cref="DateOnly"/> or a byte array.
/// </summary>
public sealed class SqlResult(IReadOnlyList<SqlColumn> columns, IReadOnlyList<object?[]> rows, string queryId = "")
{
    public IReadOnlyList<SqlColumn> Columns { get; } = columns;

    public IReadOnlyList<object?[]> Rows { get; } = rows;

    /// <summary>Snowflake's query id, to look it up in the history; empty over ADO.NET.</summary>
    public string QueryId { get; } = queryId;

    /// <summary>The only value, or null without rows.</summary>
    public object? Scalar => Rows.Count == 0 ? null : Rows[0][0];

    public static long Whole(object? value) => value switch
    {
        long number => number,
        int number => number,
        BigInteger number => (long)number,
        SqlDecimal number => number.ToScaled(0),
        decimal number => (long)number,
        string text => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        _ => throw Unexpected(value, "an integer"),
    };

    /// <summary>A number times 1e8.</summary>
    public static long Scaled(object? value) => value switch
    {
        SqlDecimal number => number.ToScaled(TradeModel.Numbers.FixedPoint.Decimals),
        decimal number =>
            SqlDecimal.Parse(number.ToString(CultureInfo.InvariantCulture), 28).ToScaled(TradeModel.Numbers.FixedPoint.Decimals),
        long number => checked(number * TradeModel.Numbers.FixedPoint.One),
        _ => throw Unexpected(value, "a decimal"),
    };

    public static Timestamp Instant(object? value) => value switch
    {
        SqlInstant instant => instant.ToTimestamp(),
        DateTime time => Timestamp.From(new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))),
        DateTimeOffset time => Timestamp.From(time),
        _ => throw Unexpected(value, "an instant"),
    };

    public static bool Boolean(object? value) => value switch
    {
        bool flag => flag,
        string text => text is "true" or "TRUE" or "1",
        _ => Whole(value) != 0,
    };

    public static byte[] Bytes(object? value) => value as byte[] ?? throw Unexpected(value, "bytes");

    private static FormatException Unexpected(object? value, string what) =>
        new($"A result holds {value?.GetType().Name ?? "null"} where {what} was expected.");

    /// <summary>A value as the SQL REST interface writes it.</summary>
    internal static object? Decode(string? text, SqlColumn column) => text is null ? null : column.Type.ToLowerInvariant() switch
    {
        "fixed" when column.Scale == 0 => ParseWhole(text),
        "fixed" => SqlDecimal.Parse(text, column.Scale),
        "real" => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        "boolean" => text is "true" or "1" or "TRUE",
        "binary" => Convert.FromHexString(text),
        "date" =>
            DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays(int.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)),
        "time" => new SqlTimeOfDay((long)SqlDecimal.Parse(text, 9).Unscaled),
        "timestamp_ntz" or "timestamp_ltz" or "timestamp_tz" => SqlInstant.Parse(text),
        _ => text,
    };

    private static object ParseWhole(string text)
    {
        // No conditional expression: its two sides would both become a BigInteger.
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        return SqlDecimal.Parse(text, 0).Unscaled;
    }
}
