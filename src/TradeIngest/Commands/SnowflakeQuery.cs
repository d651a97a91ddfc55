using System.Globalization;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Sql;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>One statement over Snowflake, with the reader's role: what it may not do is refused there.</summary>
internal static class SnowflakeQuery
{
    public static async Task<int> RunAsync(string sql, SnowflakeOptions options, bool json, CancellationToken stop)
    {
        using var keys = options.NewKeys(TimeProvider.System);
        await using var connection = options.NewSql(keys, options.ReaderRole, TimeProvider.System);
        try
        {
            var result = await connection.ExecuteAsync(sql, [], stop);
            if (json)
            {
                Output.Json(result.Rows.Select(row => row.Select((value, index) => KeyValuePair.Create(result.Columns[index].Name, ValueOf(value)))
                    .ToDictionary(StringComparer.Ordinal)));
                return ExitCode.Ok;
            }

            var table = new Table().Border(TableBorder.Rounded);
            foreach (var column in result.Columns) table.AddColumn(new TableColumn(Markup.Escape(column.Name)).NoWrap());
            foreach (var row in result.Rows) table.AddRow([.. row.Select(value => Markup.Escape(Convert.ToString(ValueOf(value), CultureInfo.InvariantCulture) ?? ""))]);
            Output.People().Write(table);
            Output.People().MarkupLineInterpolated($"[grey]{Output.Count(result.Rows.Count)} rows[/]");
            return ExitCode.Ok;
        }
        catch (SnowflakeException failure) when (failure.Fault is SnowflakeFault.Statement or SnowflakeFault.ObjectMissing)
        {
            throw new ConfigurationException($"The query failed: {failure.Message}", failure);
        }
    }

    // Numbers stay numbers where JSON readers keep them exact, and become text where they may not.
    private static object? ValueOf(object? value) => value switch
    {
        null or long or double or bool or string => value,
        SqlInstant instant => instant.ToTimestamp().ToString(),
        byte[] bytes => Convert.ToHexString(bytes),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
