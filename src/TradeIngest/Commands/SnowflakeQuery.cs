using System.Globalization;
using Crypto.TradeIngest.Commands.Queries;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.TradeIngest.Commands;

/// <summary>One statement over Snowflake, with the reader's role: what it may not do is refused there.</summary>
internal static class SnowflakeQuery
{
    public static async Task<QueryRows> ReadAsync(string sql, SnowflakeOptions options, CancellationToken cancellationToken)
    {
        using var keys = options.NewKeys(TimeProvider.System);
        await using var connection = options.NewSql(keys, options.ReaderRole, TimeProvider.System, BackoffOptions.Attended);
        try
        {
            var result = await connection.ExecuteAsync(sql, [], cancellationToken);
            return new QueryRows(
                [.. result.Columns.Select(column => column.Name)], result.Rows.Select(row => Array.ConvertAll(row, ValueOf)));
        }
        catch (SnowflakeException failure) when (failure.Fault is SnowflakeFault.Statement or SnowflakeFault.ObjectMissing)
        {
            throw new ConfigurationException($"The query failed: {failure.Message}", failure);
        }
    }

    // Numbers stay numbers where readers keep them exact, and become text where they may not.
    private static object? ValueOf(object? value) => value switch
    {
        null or long or double or bool or string or byte[] => value,
        SqlInstant instant => instant.ToTimestamp().ToString(),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
