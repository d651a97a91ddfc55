using System.Globalization;
using System.Text.RegularExpressions;
using Crypto.Warehouse.Sqlite;
using Microsoft.Data.Sqlite;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>
/// One schema on a real engine: SQLite in memory. Statements of this project are translated and executed; others are refused with
/// <see cref="UntranslatableException"/>. One statement runs at a time.
/// </summary>
public sealed class EmulatedDatabase : IDisposable
{
    private static readonly Regex AggregateForm = new(
        @"^(MIN|MAX|SUM) ?\( ?(?<column>\w+) ?\)$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));

    private static int _databases;

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly SqliteConnection _own;

    // The one a statement runs on: the database's own, or that of a session with another provider.
    private SqliteConnection _connection;
    private readonly Dictionary<string, EmulatedTable> _tables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, EmulatedProcedure> _procedures = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _views = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _translations = new(StringComparer.Ordinal);
    private readonly bool _isShared;
    private long _definitions;

    /// <param name="file">Keeps the data beyond the process; null keeps it in memory.</param>
    public EmulatedDatabase(TimeProvider clock, string? file = null)
    {
        SqliteNative.Initialize();
        _clock = clock;
        ConnectionString = file is not null ? $"Data Source={file}"
            : string.Create(
                CultureInfo.InvariantCulture, $"Data Source=emulator{Interlocked.Increment(ref _databases)};Mode=Memory;Cache=Shared");
        _own = _connection = new SqliteConnection(ConnectionString);
        _own.Open();
        SqlFunctions.Register(_own, clock);
        _isShared = file is not null;
        Restore();
    }

    /// <summary>For other connections to the same data, with SQLite's own provider.</summary>
    public string ConnectionString { get; }

    /// <summary>Told the name of each table that was created anew or dropped: its pipes and channels are gone with it.</summary>
    internal Action<string>? TableReplaced { get; set; }

    /// <summary>Objects that no role may use, by name.</summary>
    internal HashSet<string> Denied { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every statement executed, for tests of what is not executed.</summary>
    public long Statements { get; private set; }

    /// <exception cref="SqlFailureException">The statement failed as it would in Snowflake.</exception>
    /// <exception cref="UntranslatableException">The emulator does not know it.</exception>
    public SqlOutcome Execute(string sql, params IReadOnlyList<object?> binds)
    {
        lock (_gate)
        {
            Statements++;
            Refresh();
            var tokens = SqlToken.Split(sql);
            while (tokens.Count > 0 && tokens[^1].Is(";")) tokens.RemoveAt(tokens.Count - 1);
            if (tokens.Count == 0) throw new SqlFailureException("000900", "42601", "SQL compilation error: Empty SQL statement.");
            if (tokens.FirstOrDefault(token => token.Kind == TokenKind.Word && Denied.Contains(token.Value)).Value is { } denied)
            {
                throw tokens[0].Is("CALL") ? UnknownFunction(denied)
                    : new SqlFailureException("002003", "02000", $"SQL compilation error: Object '{denied}' does not exist or not "
                        + "authorized.");
            }

            return tokens[0].Value.ToUpperInvariant() switch
            {
                "SELECT" or "WITH" or "INSERT" or "UPDATE" or "DELETE" => Run(Translated(sql), Numbered(binds)),
                "CREATE" or "DROP" or "TRUNCATE" => Define(sql, tokens),
                "ALTER" when tokens.Exists(token => token.Is("ADD")) => Define(sql, tokens),
                "CALL" => Call(tokens, binds, sql),
                "ALTER" or "COMMENT" or "GRANT" => Check(sql, tokens),
                _ => throw new UntranslatableException($"a statement that starts with {tokens[0].Value}", sql),
            };
        }
    }

    /// <summary>Makes a connection to <see cref="ConnectionString"/> know the functions that translated statements call.</summary>
    public void Join(SqliteConnection connection) => SqlFunctions.Register(connection, _clock);

    /// <summary>Executes on a connection that joined: it is that connection's commands that run.</summary>
    /// <inheritdoc cref="Execute(string, IReadOnlyList{object?})"/>
    public SqlOutcome ExecuteOn(SqliteConnection connection, string sql, IReadOnlyList<object?> binds)
    {
        lock (_gate)
        {
            _connection = connection;
            try
            {
                return Execute(sql, binds);
            }
            finally
            {
                _connection = _own;
            }
        }
    }

    /// <summary>Reads with SQLite's own statements, for tests that look at what is stored.</summary>
    public IReadOnlyList<object?[]> Read(string sqlite)
    {
        lock (_gate) return Run(sqlite, []).Rows;
    }

    public void Dispose() => _own.Dispose();

    internal EmulatedTable? Table(string name)
    {
        lock (_gate)
        {
            Refresh();
            return _tables.GetValueOrDefault(name);
        }
    }

    /// <summary>Runs something while no statement does, in a transaction.</summary>
    internal void Inserting(Action<SqliteConnection> work)
    {
        lock (_gate)
        {
            using var transaction = _connection.BeginTransaction();
            work(_connection);
            transaction.Commit();
        }
    }

    /// <summary>A translated statement with its parameters. Inside the gate.</summary>
    internal SqlOutcome Run(string sqlite, IEnumerable<(string Name, object? Value)> parameters)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sqlite;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        try
        {
            using var reader = command.ExecuteReader();
            if (reader.FieldCount == 0) return new SqlOutcome([], [], reader.RecordsAffected);
            var columns = new (string Name, string Type)[reader.FieldCount];
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = (reader.GetName(i).ToUpperInvariant(), AggregatedType(reader.GetName(i)) ?? reader.GetDataTypeName(i));
            }

            var rows = new List<object?[]>();
            while (reader.Read())
            {
                var row = new object?[columns.Length];
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] = reader.IsDBNull(i) ? null : reader.GetValue(i);
                    if (row[i] is not null && !IsKnown(columns[i].Type))
                    {
                        columns[i].Type = row[i] switch
                        {
                            long => "NUMBER_INT",
                            double => "REAL",
                            byte[] => "BINARY_BLOB",
                            _ => "VARCHAR_TEXT",
                        };
                    }
                }

                rows.Add(row);
            }

            return new SqlOutcome(columns, rows, 0);
        }
        catch (SqliteException failure)
        {
            throw failure.Message.Contains("no such table", StringComparison.Ordinal)
                ? new SqlFailureException("002003", "02000", $"SQL compilation error: {failure.Message}: Object does not exist or not "
                    + "authorized.", failure)
                : failure.Message.Contains("NOT NULL", StringComparison.Ordinal)
                    ? new SqlFailureException("100072", "22000", $"NULL result in a non-nullable column: {failure.Message}", failure)
                    : new SqlFailureException("001003", "42000", $"SQL compilation error: {failure.Message} in {sqlite}", failure);
        }
        catch (FormatException failure)
        {
            throw new SqlFailureException("100038", "22018", failure.Message, failure);
        }
    }

    internal string Translated(string sql)
    {
        if (!_translations.TryGetValue(sql, out var translated)) _translations.Add(sql, translated = SqlTranslator.Translate(sql));
        return translated;
    }

    /// <summary>The least, the greatest and the sum of a column's values are of its type.</summary>
    private string? AggregatedType(string expression) => AggregateForm.Match(expression) is { Success: true } form
        ? _tables.Values.SelectMany(table => table.Columns)
            .FirstOrDefault(column => column.Name.Equals(form.Groups["column"].Value, StringComparison.OrdinalIgnoreCase))?.Type
        : null;

    private static bool IsKnown(string type) =>
        type is "NUMBER_INT" or "NUMBER_D8" or "VARCHAR_TEXT" or "VARIANT_TEXT" or "BOOLEAN" or "BINARY_BLOB" or "TIMESTAMP_NTZ";

    private static IEnumerable<(string Name, object? Value)> Numbered(IReadOnlyList<object?> binds) =>
        binds.Select((value, index) => (string.Create(CultureInfo.InvariantCulture, $"?{index + 1}"), value));

    // SQLite forgets what Snowflake's types were: what was defined is kept as it was said.
    private void Restore()
    {
        if (_isShared)
        {
            Run("PRAGMA journal_mode = WAL", []);
            Run("PRAGMA synchronous = OFF", []);
        }

        Run(
            "CREATE TABLE IF NOT EXISTS EMULATED_DEFINITIONS (KIND TEXT NOT NULL, NAME TEXT NOT NULL, SQL TEXT NOT NULL, PRIMARY KEY "
                + "(KIND, NAME))",
            []);
        Refresh();
    }

    /// <summary>Another process may have defined something in the file. Inside the gate.</summary>
    private void Refresh()
    {
        if (!_isShared) return;
        var last = (long)Run("SELECT COALESCE(MAX(rowid), 0) FROM EMULATED_DEFINITIONS", []).Rows[0][0]!;
        if (last == _definitions) return;
        _definitions = last;
        _tables.Clear();
        _views.Clear();
        _procedures.Clear();
        foreach (var row in Run("SELECT SQL FROM EMULATED_DEFINITIONS ORDER BY rowid", []).Rows)
        {
            var sql = (string)row[0]!;
            var definition = new Definition(sql, SqlToken.Split(sql));
            if (definition.Kind == "TABLE") _tables[definition.Name] = definition.ToTable();
            else if (definition.Kind == "ALTER TABLE") _tables[definition.Name] = _tables[definition.Name].With(definition.ToAddedColumn());
            else if (definition.Kind == "VIEW") _views.Add(definition.Name);
            else _procedures[definition.Name] = definition.ToProcedure();
        }
    }

    private void Keep(string kind, string name, string? sql)
    {
        if (sql is null) Run("DELETE FROM EMULATED_DEFINITIONS WHERE KIND = ?1 AND NAME = ?2", [("?1", kind), ("?2", name)]);
        else Run("INSERT OR REPLACE INTO EMULATED_DEFINITIONS VALUES (?1, ?2, ?3)", [("?1", kind), ("?2", name), ("?3", sql)]);
    }

    private SqlOutcome Define(string sql, List<SqlToken> tokens)
    {
        var definition = new Definition(sql, tokens);
        switch (definition.Kind)
        {
            case "TABLE":
                if (definition.IfNotExists && _tables.ContainsKey(definition.Name))
                {
                    return SqlOutcome.Message($"{definition.Name} already exists, statement succeeded.");
                }

                if (_tables.ContainsKey(definition.Name) && !definition.OrReplace) throw new SqlFailureException(
                    "002002", "42710", $"SQL compilation error: Object '{definition.Name}' already exists.");
                var table = definition.ToTable();
                Run($"DROP TABLE IF EXISTS {definition.Name}", []);
                var columns = table.Columns.Select(column => $"{column.Name} {column.Type}{(column.IsNullable ? "" : " NOT NULL")}");
                Run($"CREATE TABLE {table.Name} ({string.Join(", ", columns)})", []);
                // Snowflake needs no index; here a scan per statement would take the tests' time.
                if (table.Columns[0].Type == "NUMBER_INT") Run(
                    $"CREATE INDEX {table.Name}_FIRST ON {table.Name} ({table.Columns[0].Name})", []);
                if (table.Columns.Any(column => column.Name == "LOG_OFFSET")) Run(
                    $"CREATE INDEX {table.Name}_ORIGIN ON {table.Name} (LOG_PARTITION, LOG_OFFSET)", []);
                _tables[definition.Name] = table;
                Keep("TABLE", definition.Name, sql);
                TableReplaced?.Invoke(definition.Name);
                return SqlOutcome.Message($"Table {definition.Name} successfully created.");
            case "ALTER TABLE":
                if (!_tables.TryGetValue(definition.Name, out var before)) throw new SqlFailureException(
                    "002003", "02000", $"SQL compilation error: Table '{definition.Name}' does not exist or not authorized.");
                var added = definition.ToAddedColumn();
                if (before.Columns.Any(column => column.Name.Equals(added.Name, StringComparison.OrdinalIgnoreCase)))
                {
                    if (definition.IfNotExists) return SqlOutcome.Message("Statement executed successfully.");
                    throw new SqlFailureException("001430", "01430", $"SQL compilation error: column '{added.Name}' already exists");
                }

                Run(
                    $"ALTER TABLE {before.Name} ADD COLUMN {added.Name} {added.Type}{(added.IsNullable ? "" : " NOT NULL")} DEFAULT "
                        + $"{added.Default ?? "NULL"}",
                    []);
                _tables[definition.Name] = before.With(added);
                Keep("ALTER TABLE", $"{definition.Name}.{added.Name}", sql);
                return SqlOutcome.Message("Statement executed successfully.");
            case "VIEW":
                Run($"DROP VIEW IF EXISTS {definition.Name}", []);
                Run(definition.ToView(), []);
                _views.Add(definition.Name);
                Keep("VIEW", definition.Name, sql);
                return SqlOutcome.Message($"View {definition.Name} successfully created.");
            case "PROCEDURE":
                _procedures[definition.Name] = definition.ToProcedure();
                Keep("PROCEDURE", definition.Name, sql);
                return SqlOutcome.Message($"Function {definition.Name} successfully created.");
            case "DROP TABLE":
                Run($"DROP TABLE IF EXISTS {definition.Name}", []);
                _tables.Remove(definition.Name);
                Keep("TABLE", definition.Name, null);
                TableReplaced?.Invoke(definition.Name);
                return SqlOutcome.Message($"{definition.Name} successfully dropped.");
            case "TRUNCATE TABLE":
                return Run($"DELETE FROM {definition.Name}", []);
            default:
                throw new UntranslatableException(definition.Kind, sql);
        }
    }

    // What changes nothing here, once the object is known to exist.
    private SqlOutcome Check(string sql, List<SqlToken> tokens)
    {
        var isKnown = tokens.Exists(
            token =>
                token.Kind == TokenKind.Word
                    && (_tables.ContainsKey(token.Value) || _procedures.ContainsKey(token.Value) || _views.Contains(token.Value)));
        if (!isKnown) throw new SqlFailureException("002003", "02000", "SQL compilation error: Object does not exist or not authorized.");
        if (tokens[0].Is("ALTER") && !tokens.Exists(token => token.Is("ROW_TIMESTAMP") || token.Is("ERROR_LOGGING")))
        {
            throw new UntranslatableException("this change of a table", sql);
        }

        return SqlOutcome.Message("Statement executed successfully.");
    }

    private static SqlFailureException UnknownFunction(string name) =>
        new("002140", "42601", $"SQL compilation error: Unknown function {name}.");

    private SqlOutcome Call(List<SqlToken> tokens, IReadOnlyList<object?> binds, string sql)
    {
        var name = tokens[1].Value;
        if (!_procedures.TryGetValue(name, out var procedure)) throw UnknownFunction(name);
        if (binds.Count != procedure.Parameters.Count || tokens.Count(token => token.Is("?")) != binds.Count)
        {
            throw new UntranslatableException($"a call of {name} with other than {procedure.Parameters.Count} binds", sql);
        }

        var result = new ProcedureRun(this, procedure, binds).Execute();
        return new SqlOutcome([(name.ToUpperInvariant(), "VARCHAR_TEXT")], [[result]], 0);
    }
}
