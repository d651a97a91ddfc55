using System.Globalization;
using Crypto.TradeModel.Numbers;
using Microsoft.Data.Sqlite;
using SQLitePCL;

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

    internal static void Register(SqliteConnection connection)
    {
        var result = raw.sqlite3_create_function(connection.Handle!, Function, 1, raw.SQLITE_DETERMINISTIC, null, Add, Finish);
        if (result != raw.SQLITE_OK) throw new StorageException(
            StorageFault.Failed, $"SQLite does not take {Function}: {raw.sqlite3_errstr(result).utf8_to_string()}.");
    }

    private static void Add(sqlite3_context context, object data, sqlite3_value[] values)
    {
        switch (raw.sqlite3_value_type(values[0]))
        {
            case raw.SQLITE_INTEGER:
                context.state = SumOf(context) + raw.sqlite3_value_int64(values[0]);
                break;
            case raw.SQLITE_NULL:
                break;
            default:
                raw.sqlite3_result_error(
                    context,
                    $"{Function} adds integers scaled by 1e8, as FACT_TRADES holds them, and was given "
                    + $"'{raw.sqlite3_value_text(values[0]).utf8_to_string()}'. The views hold rounded numbers.");
                break;
        }
    }

    // The next group may be given the same context.
    private static void Finish(sqlite3_context context, object data)
    {
        raw.sqlite3_result_text(context, Format(SumOf(context)));
        context.state = null;
    }

    private static Int128 SumOf(sqlite3_context context) => context.state is Int128 sum ? sum : Int128.Zero;
}
