using System.Globalization;
using Crypto.TradeModel.Numbers;
using Microsoft.Data.Sqlite;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// The SQL aggregate <c>exact_sum(x)</c> of reading connections: adds integers scaled by 1e8, such as
/// <c>FACT_TRADES.total_amount_usd</c>, in 128 bits and gives the sum as decimal text. SQLite's own <c>sum</c> stops with an error at 92
/// billion dollars, and over the numbers of the views it adds in binary floating point.
/// </summary>
public static class ExactSum
{
    public const string Function = "exact_sum";

    /// <summary>A sum scaled by 1e8 as text with eight decimals.</summary>
    public static string Format(Int128 scaled)
    {
        var magnitude = Int128.Abs(scaled);
        var sign = scaled < 0 ? "-" : "";
        var (whole, fraction) = (magnitude / FixedPoint.One, (long)(magnitude % FixedPoint.One));
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{whole}.{fraction:00000000}");
    }

    internal static void Register(SqliteConnection connection) => connection.CreateAggregate(
        Function, Int128.Zero, static (Int128 sum, object? value) => sum + ScaledOf(value), Format, isDeterministic: true);

    private static long ScaledOf(object? value) => value switch
    {
        long scaled => scaled,
        null or DBNull => 0,
        _ => throw new InvalidOperationException(
            $"{Function} adds integers scaled by 1e8, as FACT_TRADES holds them, and was given '{value}'. The views hold rounded numbers."),
    };
}
