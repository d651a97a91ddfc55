using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>How a provider of ADO.NET writes parameters.</summary>
public enum ParameterStyle
{
    /// <summary><c>?</c>, with the names 1, 2 …: Snowflake.Data.</summary>
    Positional,

    /// <summary><c>$1</c>, without names: Npgsql.</summary>
    Numbered,

    /// <summary><c>@p1</c>: most others.</summary>
    Named,
}

/// <summary>
/// Runs statements over any provider of ADO.NET, in production over Snowflake's own (<see cref="SnowflakeDriver"/>). Only asynchronous
/// methods, one short-lived connection per statement: long-idle sessions of the driver expire under its users.
/// </summary>
public sealed class DbProviderSql(
    DbProviderFactory factory, string connectionString, ParameterStyle style, TimeSpan timeout) : ISnowflakeSql
{
    [SuppressMessage("Security", "CA2100", Justification = "Statements are this project's own; values are bound.")]
    public async Task<SqlResult> ExecuteAsync(string sql, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(binds);
        try
        {
            await using var connection = factory.CreateConnection()
                ?? throw new SnowflakeException(SnowflakeFault.Configuration, "The provider makes no connections.");
            connection.ConnectionString = connectionString;
            await connection.OpenAsync(cancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = WithParameters(sql, style);
            command.CommandTimeout = (int)timeout.TotalSeconds;
            for (var i = 0; i < binds.Count; i++)
            {
                var parameter = command.CreateParameter();
                if (NameOf(i + 1, style) is { } name) parameter.ParameterName = name;
                parameter.DbType = binds[i].Number is null ? System.Data.DbType.String : System.Data.DbType.Int64;
                parameter.Value = (object?)binds[i].Number ?? binds[i].Text ?? (object)DBNull.Value;
                command.Parameters.Add(parameter);
            }

            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var columns = Enumerable.Range(0, reader.FieldCount)
                .Select(i => new SqlColumn(reader.GetName(i), reader.GetDataTypeName(i), 0))
                .ToArray();
            var rows = new List<object?[]>();
            while (await reader.ReadAsync(cancellationToken))
            {
                var row = new object?[columns.Length];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = await reader.IsDBNullAsync(i, cancellationToken) ? null : Value(reader.GetValue(i));
                }

                rows.Add(row);
            }

            return new SqlResult(columns, rows);
        }
        catch (DbException failure)
        {
            throw FailureOf(failure);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TimeoutException or AggregateException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new SnowflakeException(SnowflakeFault.Unreachable, $"{Asked("host")} does not answer: {failure.Message}", failure);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Puts the provider's parameters where the question marks are, not those in quotes or comments.</summary>
    internal static string WithParameters(string sql, ParameterStyle style)
    {
        if (style == ParameterStyle.Positional) return sql;
        var text = new StringBuilder(sql.Length + 16);
        var count = 0;
        for (var i = 0; i < sql.Length; i++)
        {
            var end = sql[i] switch
            {
                '\'' or '"' => sql.IndexOf(sql[i], i + 1),
                '-' when i + 1 < sql.Length && sql[i + 1] == '-' => sql.IndexOf('\n', i),
                _ => i,
            };
            if (end < 0) end = sql.Length - 1;
            if (end == i && sql[i] == '?') text.Append(
                style == ParameterStyle.Numbered ? "$" : "@p").Append(CultureInfo.InvariantCulture, $"{++count}");
            else text.Append(sql, i, end - i + 1);
            i = end;
        }

        return text.ToString();
    }

    /// <summary>
    /// The provider says little about a failure but its number, and wraps what it met while connecting; the innermost number tells.
    /// Numbers of 390100 and up are refusals to sign in, of 270000 and up the provider's own.
    /// </summary>
    private SnowflakeException FailureOf(DbException failure)
    {
        var number = 0;
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is DbException { ErrorCode: > 0 } numbered) number = numbered.ErrorCode;
        }

        var code = number > 0 ? number.ToString("D6", CultureInfo.InvariantCulture) : failure.SqlState ?? "";
        return number switch
        {
            390186 or 390189 => Statement(),
            >= 390100 and < 390400 => new SnowflakeException(
                SnowflakeFault.Unauthorized,
                $"{Asked("host")} refused user {Asked("user")}: {failure.Message} 'trade-ingest check --target snowflake' prints the ALTER "
                    + "USER line that sets the key.", failure, code),
            _ when failure.IsTransient || (failure.SqlState ?? "").StartsWith("08", StringComparison.Ordinal) || number is 270007 =>
                new SnowflakeException(SnowflakeFault.Unreachable, $"{Asked("host")} does not answer: {failure.Message}", failure, code),
            _ => Statement(),
        };

        SnowflakeException Statement() =>
            new StatementFailure(Asked("role"), Asked("db"), Asked("schema")).Of(code, failure.Message, failure);
    }

    private string? Asked(string name) =>
        new DbConnectionStringBuilder { ConnectionString = connectionString }.TryGetValue(name, out var value) ? value as string : null;

    private static string? NameOf(int index, ParameterStyle style) => style switch
    {
        ParameterStyle.Positional => index.ToString(CultureInfo.InvariantCulture),
        ParameterStyle.Named => string.Create(CultureInfo.InvariantCulture, $"@p{index}"),
        _ => null,
    };

    private static object Value(object value) => value switch
    {
        int or short or byte or sbyte => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        decimal number => SqlDecimal.Parse(number.ToString(CultureInfo.InvariantCulture), number.Scale),
        BigInteger number when number >= long.MinValue && number <= long.MaxValue => (long)number,
        DateTime time => new SqlInstant((Int128)(time.Ticks - DateTime.UnixEpoch.Ticks) * 100, null),
        DateTimeOffset time => new SqlInstant((Int128)(time.UtcTicks - DateTime.UnixEpoch.Ticks) * 100, (int)time.Offset.TotalMinutes),
        TimeSpan time => new SqlTimeOfDay(time.Ticks * 100),
        float number => (double)number,
        _ => value,
    };
}
