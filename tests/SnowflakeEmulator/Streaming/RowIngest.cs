using System.Globalization;
using System.Text;
using System.Text.Json;
using Crypto.SnowflakeEmulator.Sql;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Microsoft.Data.Sqlite;

namespace Crypto.SnowflakeEmulator.Streaming;

/// <summary>Puts rows of newline-delimited JSON into a table as a default pipe does: by column name, going on after errors.</summary>
internal sealed class RowIngest(EmulatedTable table)
{
    private readonly Dictionary<string, int> _columns = table.Columns.Select((column, index) => (column.Name, index)).ToDictionary(
        pair => pair.Name, pair => pair.index, StringComparer.Ordinal);

    /// <returns>Rows inserted and rows in error, with the last error.</returns>
    public (int Inserted, int Errors, string? LastError) Insert(
        SqliteConnection connection, ReadOnlySpan<byte> body, Spoil spoil, bool loseFirstRow)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO {table.Name} VALUES "
            + $"({string.Join(", ", table.Columns.Select((_, index) => FormattableString.Invariant($"?{index + 1}")))})";
        for (var i = 0; i < table.Columns.Count; i++)
        {
            command.Parameters.Add(new SqliteParameter(FormattableString.Invariant($"?{i + 1}"), DBNull.Value));
        }

        int inserted = 0, errors = 0;
        string? lastError = null;
        var isFirst = true;
        while (!body.IsEmpty)
        {
            var end = body.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? [] : body[(end + 1)..];
            if (loseFirstRow)
            {
                loseFirstRow = false;
                continue;
            }

            var isSpoiled = spoil == Spoil.AllRows || (spoil == Spoil.FirstRow && isFirst) || (spoil == Spoil.LastRow && body.IsEmpty);
            isFirst = false;
            var error = end < 0 ? "a line without its end" : isSpoiled ? "a spoiled row" : Fill(command, line) ?? Store(command);
            if (error is null)
            {
                inserted++;
            }
            else
            {
                errors++;
                lastError = error;
            }
        }

        return (inserted, errors, lastError);
    }

    private static string? Store(SqliteCommand command)
    {
        try
        {
            command.ExecuteNonQuery();
            return null;
        }
        catch (SqliteException failure)
        {
            return failure.Message;
        }
    }

    private string? Fill(SqliteCommand command, ReadOnlySpan<byte> line)
    {
        for (var i = 0; i < command.Parameters.Count; i++) command.Parameters[i].Value = DBNull.Value;
        try
        {
            var reader = new Utf8JsonReader(line);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return "the line is no JSON object";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                if (!_columns.TryGetValue(name, out var index)) return $"no column {name}";
                if (reader.TokenType == JsonTokenType.Null) continue;
                command.Parameters[index].Value = Convert(ref reader, line, table.Columns[index]);
            }

            if (reader.Read()) return "text behind the row";
        }
        catch (Exception failure) when (failure is JsonException or FormatException or OverflowException or InvalidOperationException)
        {
            return failure.Message;
        }

        for (var i = 0; i < command.Parameters.Count; i++)
        {
            if (!table.Columns[i].IsNullable && command.Parameters[i].Value is DBNull) return $"NULL in {table.Columns[i].Name}";
        }

        return null;
    }

    private static object Convert(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, EmulatedColumn column)
    {
        switch (column.Type)
        {
            case "NUMBER_INT":
                return reader.TokenType == JsonTokenType.Number
                    ? reader.GetInt64()
                    : long.Parse(reader.GetString()!, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            case "NUMBER_D8":
                return FixedPoint.Parse(
                    reader.TokenType == JsonTokenType.Number ? Encoding.UTF8.GetString(reader.ValueSpan) : reader.GetString()!);
            case "TIMESTAMP_NTZ":
                return Timestamp.Parse(reader.GetString()!).Microseconds;
            case "BOOLEAN":
                return reader.GetBoolean() ? 1L : 0L;
            case "VARCHAR_TEXT":
                return reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new FormatException($"{column.Name} is text");
            case "VARIANT_TEXT":
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                return Encoding.UTF8.GetString(line[start..(int)reader.BytesConsumed]);
            default:
                return System.Convert.FromBase64String(reader.GetString()!);
        }
    }
}
