using SQLitePCL;

namespace Crypto.Warehouse.Sqlite;

/// <summary>A prepared statement. Positions of parameters count from 1, of columns from 0, as in SQLite itself.</summary>
public sealed class SqliteStatement : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly sqlite3_stmt _statement;
    private readonly string _sql;

    internal SqliteStatement(SqliteDatabase database, sqlite3_stmt statement, string sql)
    {
        _database = database;
        _statement = statement;
        _sql = sql;
    }

    public SqliteStatement Bind(int position, long value)
    {
        _database.ThrowOn(raw.sqlite3_bind_int64(_statement, position, value), _sql);
        return this;
    }

    public SqliteStatement Bind(int position, long? value) => value is { } present ? Bind(position, present) : BindNull(position);

    public SqliteStatement Bind(int position, string? value)
    {
        if (value is null) return BindNull(position);
        _database.ThrowOn(raw.sqlite3_bind_text(_statement, position, value), _sql);
        return this;
    }

    /// <summary>Binds UTF-8 text; SQLite copies it.</summary>
    public SqliteStatement BindText(int position, ReadOnlySpan<byte> utf8)
    {
        _database.ThrowOn(raw.sqlite3_bind_text(_statement, position, utf8), _sql);
        return this;
    }

    /// <summary>Binds bytes; SQLite copies them.</summary>
    public SqliteStatement BindBlob(int position, ReadOnlySpan<byte> bytes)
    {
        // An empty span has no address, which SQLite would take for null.
        var result = bytes.IsEmpty
            ? raw.sqlite3_bind_zeroblob(_statement, position, 0)
            : raw.sqlite3_bind_blob(_statement, position, bytes);
        _database.ThrowOn(result, _sql);
        return this;
    }

    public SqliteStatement BindNull(int position)
    {
        _database.ThrowOn(raw.sqlite3_bind_null(_statement, position), _sql);
        return this;
    }

    /// <summary>Moves to the next row; false, and ready for the next run, when there is none.</summary>
    public bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result == raw.SQLITE_ROW) return true;
        raw.sqlite3_reset(_statement);
        _database.ThrowOn(result, _sql);
        return false;
    }

    /// <summary>Runs a statement to its end and makes it ready for the next run.</summary>
    /// <returns>Rows inserted, updated or deleted.</returns>
    public int Run()
    {
        while (Step())
        {
            // Rows of a statement that is run for its effect, such as a PRAGMA.
        }

        return raw.sqlite3_changes(_database.Handle);
    }

    /// <summary>Gives up the rows that were not read.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    /// <summary>The first column of the first row as a number, or null when there is no row or the value is null.</summary>
    public long? Scalar()
    {
        if (!Step()) return null;
        var value = IsNull(0) ? (long?)null : GetInt64(0);
        Reset();
        return value;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long GetInt64(int column) => raw.sqlite3_column_int64(_statement, column);

    public int GetInt32(int column) => raw.sqlite3_column_int(_statement, column);

    public string GetText(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string() ?? "";

    public string? GetTextOrNull(int column) => IsNull(column) ? null : GetText(column);

    /// <summary>The bytes of a blob or text; valid until the next step.</summary>
    public ReadOnlySpan<byte> GetBytes(int column) => raw.sqlite3_column_blob(_statement, column);

    public void Dispose()
    {
        _statement.Dispose();
        _database.Forget(this);
    }
}
