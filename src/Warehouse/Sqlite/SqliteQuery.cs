using SQLitePCL;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// One statement that a person typed, over a database opened for reading. It may read and do nothing else
/// (<see cref="ReadingAuthorizer"/>), and nothing runs before all of the text has been looked at.
/// </summary>
public sealed class SqliteQuery : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly ReadingAuthorizer _authorizer;
    private readonly sqlite3_stmt _statement;

    private SqliteQuery(SqliteDatabase database, ReadingAuthorizer authorizer, sqlite3_stmt statement)
    {
        _database = database;
        _authorizer = authorizer;
        _statement = statement;
        Columns = [.. Enumerable.Range(0, raw.sqlite3_column_count(statement))
            .Select(column => raw.sqlite3_column_name(statement, column).utf8_to_string())];
    }

    /// <summary>The names of the columns, as the statement gives them; two may be the same.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>From now on the connection refuses everything but reading.</summary>
    /// <exception cref="WarehouseException">The text is not one statement, is wrong, or would do more than read.</exception>
    public static SqliteQuery Prepare(SqliteDatabase database, string sql)
    {
        ArgumentNullException.ThrowIfNull(database);
        var authorizer = ReadingAuthorizer.SetOn(database.Handle);
        var result = raw.sqlite3_prepare_v2(database.Handle, sql, out var statement, out var rest);
        if (result != raw.SQLITE_OK) throw Failed(database, authorizer, result);
        if (statement.IsInvalid) throw new WarehouseException($"There is no statement in '{sql}'.");
        try
        {
            // VACUUM is asked about only while it runs.
            if (raw.sqlite3_stmt_readonly(statement) == 0) throw Refusal("a change of the database");
            ThrowIfMore(database, rest);
            if (raw.sqlite3_bind_parameter_count(statement) > 0)
            {
                throw new WarehouseException("The query has parameters, which get no values here; write the values into it.");
            }

            return new SqliteQuery(database, authorizer, statement);
        }
        catch
        {
            statement.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next row.</summary>
    /// <exception cref="WarehouseException">The statement failed on a value, such as a sum out of range.</exception>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        return result switch
        {
            raw.SQLITE_ROW => true,
            raw.SQLITE_DONE => false,
            _ => throw Failed(_database, _authorizer, result),
        };
    }

    /// <returns>Null, a <see cref="long"/>, <see cref="double"/> or <see cref="string"/>, or a byte array.</returns>
    public object? Value(int column) => raw.sqlite3_column_type(_statement, column) switch
    {
        raw.SQLITE_INTEGER => raw.sqlite3_column_int64(_statement, column),
        raw.SQLITE_FLOAT => raw.sqlite3_column_double(_statement, column),
        raw.SQLITE_TEXT => raw.sqlite3_column_text(_statement, column).utf8_to_string(),
        raw.SQLITE_BLOB => raw.sqlite3_column_blob(_statement, column).ToArray(),
        _ => null,
    };

    public void Dispose() => _statement.Dispose();

    private static void ThrowIfMore(SqliteDatabase database, string rest)
    {
        if (string.IsNullOrWhiteSpace(rest)) return;
        var result = raw.sqlite3_prepare_v2(database.Handle, rest, out var more);
        var isComment = result == raw.SQLITE_OK && more.IsInvalid;
        more.Dispose();
        if (!isComment) throw new WarehouseException(
            "A query is one statement, and there is more behind its semicolon. Nothing was run; give them one by one.");
    }

    /// <summary>Distinguishes a fault of the statement from one of the file.</summary>
    private static Exception Failed(SqliteDatabase database, ReadingAuthorizer authorizer, int result)
    {
        var code = result & 0xFF;
        if (code == raw.SQLITE_AUTH || authorizer.Refused is not null) return Refusal(authorizer.Refused);
        if (code is raw.SQLITE_ERROR or raw.SQLITE_MISMATCH or raw.SQLITE_TOOBIG or raw.SQLITE_RANGE or raw.SQLITE_CONSTRAINT)
        {
            return new WarehouseException($"The query failed: {raw.sqlite3_errmsg(database.Handle).utf8_to_string()}");
        }

        return database.FailureOf(result, "query");
    }

    private static WarehouseException Refusal(string? refused) =>
        new($"A query only reads, and this one would do more ({refused}). It was not run.");
}
