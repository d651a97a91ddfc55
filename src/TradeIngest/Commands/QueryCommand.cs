using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Sqlite;
using Microsoft.Data.Sqlite;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class QueryCommand
{
    public static Command Create()
    {
        var sql = new Argument<string>("SQL") { Description = "One SELECT statement." };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "query",
            """
            Runs a read-only query over the warehouse, also while it is written. exact_sum(x) adds scaled integers without rounding.

            Examples:
              trade-ingest query "SELECT * FROM CONSUMPTION_TRADES ORDER BY trade_time DESC LIMIT 10"
              trade-ingest query "SELECT exact_sum(total_amount_usd) AS usd FROM FACT_TRADES" --json
            """)
        {
            sql, data, json,
        };
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(sql)!, parsed.GetValue(data), parsed.GetValue(json), stop));
        return command;
    }

    private static async Task<int> RunAsync(string sql, string? data, bool json, CancellationToken stop)
    {
        var options = Configuration.Read(("Data", data));
        if (options.Warehouse.Target == WarehouseTarget.Snowflake) return await SnowflakeQuery.RunAsync(sql, options.Snowflake, json, stop);
        using var database = SqliteDatabase.OpenForReading(new DataFolder(options.Data).Warehouse);
        try
        {
            using var command = database.Connection.CreateCommand();
            command.CommandText = sql;
            using var reader = command.ExecuteReader();
            if (json) WriteJson(reader);
            else WriteTable(reader);
            return ExitCode.Ok;
        }
        catch (SqliteException failure)
        {
            throw new ConfigurationException($"The query failed: {failure.Message}", failure);
        }
        catch (InvalidOperationException failure)
        {
            throw new ConfigurationException("The query has parameters, which get no values here; write the values into it.", failure);
        }
    }

    internal static void WriteTable(SqliteDataReader reader)
    {
        var table = new Table().Border(TableBorder.Rounded);
        for (var i = 0; i < reader.FieldCount; i++) table.AddColumn(new TableColumn(Markup.Escape(reader.GetName(i))).NoWrap());
        var numeric = new bool[reader.FieldCount];
        var rows = 0;
        while (reader.Read())
        {
            rows++;
            var cells = new string[reader.FieldCount];
            for (var i = 0; i < cells.Length; i++)
            {
                var value = reader.GetValue(i);
                numeric[i] |= value is long or double;
                cells[i] = Markup.Escape(Text(value));
            }

            table.AddRow(cells);
        }

        for (var i = 0; i < numeric.Length; i++)
        {
            if (numeric[i]) table.Columns[i].RightAligned();
        }

        var console = Output.People();
        console.Write(table);
        console.MarkupLineInterpolated($"[grey]{Output.Count(rows)} rows[/]");
    }

    private static void WriteJson(SqliteDataReader reader)
    {
        using var output = Console.OpenStandardOutput();
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartArray();
        while (reader.Read())
        {
            writer.WriteStartObject();
            for (var i = 0; i < reader.FieldCount; i++) WriteValue(writer, reader.GetName(i), reader.GetValue(i));
            writer.WriteEndObject();
            Flush();
        }

        writer.WriteEndArray();
        Flush();
        output.WriteByte((byte)'\n');

        void Flush()
        {
            writer.Flush();
            output.Write(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, object value)
    {
        switch (value)
        {
            case long integer:
                writer.WriteNumber(name, integer);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumber(name, number);
                break;
            case byte[] bytes:
                writer.WriteBase64String(name, bytes);
                break;
            case DBNull:
                writer.WriteNull(name);
                break;
            default:
                writer.WriteString(name, Text(value));
                break;
        }
    }

    private static string Text(object value) => value switch
    {
        DBNull => "",
        double number => Shortest(number),
        byte[] bytes => Printable(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    // The shortest text that reads back as the same number, without an exponent where a person expects none.
    private static string Shortest(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.Contains('E', StringComparison.Ordinal) && Math.Abs(number) is >= 1e-16 and < 1e15
            ? number.ToString("0.########################", CultureInfo.InvariantCulture)
            : text;
    }

    private static string Printable(byte[] bytes) => bytes.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~')
        ? "0x" + Convert.ToHexStringLower(bytes)
        : System.Text.Encoding.ASCII.GetString(bytes);
}
