using System.Globalization;
using Crypto.TradeModel.Numbers;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>What a statement gave.</summary>
/// <param name="Columns">Names and storage types; a type that cannot be told from the columns is told from the values.</param>
/// <param name="Rows">Values as SQLite gives them.</param>
/// <param name="Affected">Rows changed.</param>
public sealed record SqlOutcome(IReadOnlyList<(string Name, string Type)> Columns, IReadOnlyList<object?[]> Rows, int Affected)
{
    public static SqlOutcome Message(string text) => new([("status", "VARCHAR_TEXT")], [[text]], 0);

    /// <summary>The type's name, precision and scale in result metadata.</summary>
    public static (string Type, int? Precision, int? Scale) WireType(string type) => type switch
    {
        "NUMBER_INT" => ("fixed", 38, 0),
        "NUMBER_D8" => ("fixed", 38, FixedPoint.Decimals),
        "BOOLEAN" => ("boolean", null, null),
        "TIMESTAMP_NTZ" => ("timestamp_ntz", 0, 9),
        "VARIANT_TEXT" => ("variant", null, null),
        "BINARY_BLOB" => ("binary", null, null),
        "REAL" => ("real", null, null),
        _ => ("text", null, null),
    };

    /// <summary>A value as results carry it.</summary>
    public static string? WireValue(object? value, string type) => (value, type) switch
    {
        (null, _) => null,
        (long number, "NUMBER_D8") => FixedPoint.Format(number),
        (long number, "BOOLEAN") => number != 0 ? "true" : "false",
        (long number, "TIMESTAMP_NTZ") => Seconds(number),
        (long number, _) => number.ToString(CultureInfo.InvariantCulture),
        (double number, _) => number.ToString("R", CultureInfo.InvariantCulture),
        (byte[] bytes, _) => Convert.ToHexString(bytes),
        _ => (string)value,
    };

    private static string Seconds(long microseconds)
    {
        var (seconds, rest) = Math.DivRem(microseconds, 1_000_000);
        if (rest >= 0) return string.Create(CultureInfo.InvariantCulture, $"{seconds}.{rest:000000}000");
        return string.Create(CultureInfo.InvariantCulture, $"-{-seconds}.{-rest:000000}000");
    }
}
