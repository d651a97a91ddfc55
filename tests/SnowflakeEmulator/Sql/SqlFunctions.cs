using System.Globalization;
using System.Numerics;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Microsoft.Data.Sqlite;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>Functions that translated statements call.</summary>
internal static class SqlFunctions
{
    public static void Register(SqliteConnection connection, TimeProvider clock)
    {
        connection.CreateFunction("sf_integer", (object? value) => Integer(value), isDeterministic: true);
        connection.CreateFunction("sf_decimal", (object? value) => Decimal(value), isDeterministic: true);
        connection.CreateFunction("sf_timestamp", (object? value) => Instant(value), isDeterministic: true);
        connection.CreateFunction("sf_try_integer", (object? value) => Try(Integer, value), isDeterministic: true);
        connection.CreateFunction("sf_try_decimal", (object? value) => Try(Decimal, value), isDeterministic: true);
        connection.CreateFunction("sf_try_timestamp", (object? value) => Try(Instant, value), isDeterministic: true);
        connection.CreateFunction(
            "sf_base64", (string? value) => value is null ? null : Convert.FromBase64String(value), isDeterministic: true);
        connection.CreateFunction("sf_json", (string? value) => Json(value), isDeterministic: true);
        connection.CreateFunction(
            "sf_split_part", (string? text, string by, long part) => text?.Split(by).ElementAtOrDefault((int)part - 1) ?? "",
            isDeterministic: true);
        connection.CreateFunction("sf_now", () => Timestamp.Now(clock).Microseconds);
        connection.CreateFunction<long?, long?, object?>(
            "sf_round_product", static (left, right) => RoundProduct(left, right), isDeterministic: true);
    }

    public static long? Integer(object? value) => value switch
    {
        null or DBNull => null,
        long number => number,
        string text => long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
        _ => throw new FormatException($"Numeric value '{value}' is not recognized"),
    };

    public static long? Decimal(object? value) => value switch
    {
        null or DBNull => null,
        long number => checked(number * FixedPoint.One),
        string text => FixedPoint.Parse(text),
        _ => throw new FormatException($"Numeric value '{value}' is not recognized"),
    };

    public static long? Instant(object? value) => value switch
    {
        null or DBNull => null,
        long number => number,
        string text => Timestamp.Parse(text).Microseconds,
        _ => throw new FormatException($"Timestamp '{value}' is not recognized"),
    };

    private static long? Try(Func<object?, long?> convert, object? value)
    {
        try
        {
            return convert(value);
        }
        catch (Exception failure) when (failure is FormatException or OverflowException)
        {
            return null;
        }
    }

    private static string? Json(string? value)
    {
        if (value is null) return null;
        using var _ = System.Text.Json.JsonDocument.Parse(value);
        return value;
    }

    // Half to even, at eight decimals. What does not fit in 64 bits is given as a floating-point number, which still compares rightly with
    // the limits.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1859", Justification = "It gives a long or a double.")]
    private static object? RoundProduct(long? left, long? right)
    {
        if (left is null || right is null) return null;
        var product = (BigInteger)left.Value * right.Value;
        var quotient = BigInteger.DivRem(product, FixedPoint.One, out var remainder);
        var twice = BigInteger.Abs(remainder) * 2;
        if (twice > FixedPoint.One || (twice == FixedPoint.One && !quotient.IsEven)) quotient += product.Sign;
        if (quotient >= long.MinValue && quotient <= long.MaxValue) return (long)quotient;
        return (double)quotient;
    }
}
