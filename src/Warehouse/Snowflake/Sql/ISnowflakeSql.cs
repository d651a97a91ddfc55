namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>
/// Runs SQL: over the SQL REST interface (<see cref="SqlApiClient"/>) or over a provider of ADO.NET (<see cref="DbProviderSql"/>).
/// Thread-safe; each statement has a session of its own, so nothing of one is seen by the next but what it committed.
/// </summary>
public interface ISnowflakeSql : IAsyncDisposable
{
    /// <summary>Runs one statement and reads its whole result.</summary>
    /// <param name="sql">With <c>?</c> where values go.</param>
    /// <param name="binds">The values, in order; they are never part of the text.</param>
    /// <exception cref="SnowflakeException">
    /// It failed. Whether a statement whose reply was lost took effect is not known: statements are idempotent.
    /// </exception>
    Task<SqlResult> ExecuteAsync(string sql, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default);
}

/// <summary>A value for a <c>?</c>: text or an integer; casts in the statement make other types of it.</summary>
public readonly record struct SqlBind
{
    private SqlBind(string? text, long? number) => (Text, Number) = (text, number);

    public string? Text { get; }

    public long? Number { get; }

    public static implicit operator SqlBind(string? text) => new(text, null);

    public static implicit operator SqlBind(long number) => new(null, number);

    public static SqlBind FromString(string? text) => text;

    public static SqlBind FromInt64(long number) => number;
}
