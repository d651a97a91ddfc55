using System.Text;
using SQLitePCL;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Checksums of the smaller tables, kept current by triggers of the writing connection: the sum over all rows of a 64-bit checksum of each,
/// so the order of rows and writes does not matter. What another program wrote into a table, or the disk turned over in it, shows. Facts
/// and raw records have checksums of their own, by segment and run; coverage follows from them.
/// </summary>
internal static class TableChecksums
{
    public static IReadOnlyList<string> Tables { get; } =
    [
        "SYMBOLS", "SYMBOL_CHANGES", "DIM_SYMBOL_VERSIONS", "SYMBOL_CONFLICTS", "REJECTED_TRADES", "TRADE_GAPS", "LOG_POSITIONS",
        "SCHEMA_HISTORY",
    ];

    /// <summary>Has every write of this connection keep the checksums.</summary>
    public static void Maintain(SqliteDatabase database)
    {
        Register(database);

        // REPLACE tells its deletes to triggers only so.
        database.Execute("PRAGMA recursive_triggers = ON");
        foreach (var table in Tables)
        {
            var (before, after) = (RowChecksum(database, table, "OLD."), RowChecksum(database, table, "NEW."));
            Trigger(database, table, "INSERT", $"checksum_add(checksum, {after})");
            Trigger(database, table, "DELETE", $"checksum_subtract(checksum, {before})");
            Trigger(database, table, "UPDATE", $"checksum_add(checksum_subtract(checksum, {before}), {after})");
        }
    }

    /// <summary>
    /// Writes down the checksums of what the tables hold now. Inside a transaction, on a connection that does not maintain them yet.
    /// </summary>
    public static void Compute(SqliteDatabase database)
    {
        using var put = database.Prepare("INSERT OR REPLACE INTO TABLE_CHECKSUMS (table_name, checksum) VALUES (?, ?)");
        foreach (var table in Tables) put.Bind(1, table).Bind(2, Of(database, table)).Run();
    }

    /// <summary>The checksum of what a table holds now.</summary>
    public static long Of(SqliteDatabase database, string table)
    {
        Register(database);
        long sum = 0;
        using var rows = database.Prepare($"SELECT {RowChecksum(database, table, "")} FROM {table}");
        while (rows.Step()) sum += rows.GetInt64(0);
        return sum;
    }

    private static void Trigger(SqliteDatabase database, string table, string operation, string checksum) => database.Execute(
        $"""
        CREATE TEMP TRIGGER IF NOT EXISTS {table}_{operation} AFTER {operation} ON main.{table} BEGIN
            UPDATE TABLE_CHECKSUMS SET checksum = {checksum} WHERE table_name = '{table}';
        END
        """);

    private static string RowChecksum(SqliteDatabase database, string table, string prefix)
    {
        var columns = new List<string>();
        using var info = database.Prepare($"SELECT name FROM pragma_table_info('{table}') ORDER BY name");
        while (info.Step()) columns.Add(prefix + info.GetText(0));
        return $"row_checksum({string.Join(", ", columns)})";
    }

    private static void Register(SqliteDatabase database)
    {
        Function(database, "row_checksum", -1, static (context, _, values) => raw.sqlite3_result_int64(context, Of(values)));
        Function(database, "checksum_add", 2, static (context, _, values) =>
            raw.sqlite3_result_int64(context, unchecked(raw.sqlite3_value_int64(values[0]) + raw.sqlite3_value_int64(values[1]))));
        Function(database, "checksum_subtract", 2, static (context, _, values) =>
            raw.sqlite3_result_int64(context, unchecked(raw.sqlite3_value_int64(values[0]) - raw.sqlite3_value_int64(values[1]))));
    }

    private static void Function(SqliteDatabase database, string name, int arguments, delegate_function_scalar function)
    {
        var result = raw.sqlite3_create_function(database.Handle, name, arguments, raw.SQLITE_DETERMINISTIC, null, function);
        database.ThrowOn(result, name);
    }

    // FNV-1a over type and bytes of each value, then mixed, so that sums of rows that differ in one byte differ.
    private static long Of(sqlite3_value[] values)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var value in values)
        {
            var type = raw.sqlite3_value_type(value);
            hash = Add(hash, (byte)type);
            if (type == raw.SQLITE_INTEGER) hash = Add(hash, raw.sqlite3_value_int64(value));
            else if (type == raw.SQLITE_FLOAT) hash = Add(hash, BitConverter.DoubleToInt64Bits(raw.sqlite3_value_double(value)));
            else if (type == raw.SQLITE_TEXT) hash = Add(hash, Encoding.UTF8.GetBytes(raw.sqlite3_value_text(value).utf8_to_string()));
            else if (type == raw.SQLITE_BLOB) hash = Add(hash, raw.sqlite3_value_blob(value));
        }

        hash ^= hash >> 32;
        hash *= 0x9E3779B97F4A7C15;
        return (long)(hash ^ (hash >> 29));
    }

    private static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        hash = Add(hash, bytes.Length);
        foreach (var b in bytes) hash = Add(hash, b);
        return hash;
    }

    private static ulong Add(ulong hash, long number)
    {
        for (var shift = 0; shift < 64; shift += 8) hash = Add(hash, (byte)(number >> shift));
        return hash;
    }

    private static ulong Add(ulong hash, byte b) => (hash ^ b) * 0x100000001B3;
}
