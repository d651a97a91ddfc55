using System.Globalization;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>
/// Executes a procedure: declarations, assignments, one transaction, changes of rows with <c>SQLROWCOUNT</c>, conditions, exceptions and a
/// return value. The subset of Snowflake Scripting that the migrations use; the rest is refused.
/// </summary>
internal sealed class ProcedureRun
{
    private readonly EmulatedDatabase _database;
    private readonly EmulatedProcedure _procedure;
    private readonly List<SqlToken> _tokens;
    private readonly Dictionary<string, object?> _variables = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, (string Code, string Message)> _exceptions = new(StringComparer.OrdinalIgnoreCase);
    private int _next;
    private bool _inTransaction;
    private string? _result;
    private bool _returned;

    public ProcedureRun(EmulatedDatabase database, EmulatedProcedure procedure, IReadOnlyList<object?> arguments)
    {
        _database = database;
        _procedure = procedure;
        _tokens = SqlToken.Split(procedure.Body);
        for (var i = 0; i < arguments.Count; i++) _variables[procedure.Parameters[i]] = arguments[i];
        _variables["SQLROWCOUNT"] = 0L;
    }

    public string? Execute()
    {
        if (TrySkip("DECLARE")) Declare();
        Skip("BEGIN");
        try
        {
            while (!_returned && !Peek("EXCEPTION") && !Peek("END")) Statement(true);
            if (_inTransaction) throw new UntranslatableException("a procedure that leaves its transaction open", _procedure.Body);
            return _result;
        }
        catch
        {
            // EXCEPTION WHEN OTHER THEN ROLLBACK; RAISE; END — the only handler there is.
            if (_inTransaction) _database.Run("ROLLBACK", []);
            if (!HasHandler()) throw new UntranslatableException(
                "a procedure that does not end with EXCEPTION WHEN OTHER THEN ROLLBACK; RAISE; END", _procedure.Body);
            throw;
        }
    }

    private bool HasHandler()
    {
        string[] handler = ["EXCEPTION", "WHEN", "OTHER", "THEN", "ROLLBACK", ";", "RAISE", ";", "END"];
        var tail = _tokens.ToList();
        while (tail.Count > 0 && tail[^1].Is(";")) tail.RemoveAt(tail.Count - 1);
        return tail.Count > handler.Length && handler.Select((word, i) => tail[tail.Count - handler.Length + i].Is(word)).All(same => same);
    }

    private void Declare()
    {
        while (!Peek("BEGIN"))
        {
            var name = Take().Value;
            if (TrySkip("EXCEPTION"))
            {
                Skip("(");
                var code = "";
                while (!TrySkip(",")) code += Take().Value;
                _exceptions[name] = (code, Take().Value.Trim('\''));
                Skip(")");
            }
            else
            {
                Take();
                if (TrySkip("("))
                {
                    while (!TrySkip(")")) Take();
                }

                if (TrySkip("DEFAULT")) _variables[name] = Evaluate(UpTo(";"));
                else _variables[name] = null;
            }

            Skip(";");
        }
    }

    private void Statement(bool execute)
    {
        if (TrySkip("BEGIN"))
        {
            Skip("TRANSACTION");
            if (execute) Transact("BEGIN IMMEDIATE", true);
        }
        else if (TrySkip("COMMIT"))
        {
            if (execute) Transact("COMMIT", false);
        }
        else if (TrySkip("IF"))
        {
            Branch(execute);
        }
        else if (TrySkip("RAISE"))
        {
            var name = Take().Value;
            if (execute)
            {
                var (code, message) = _exceptions[name];
                throw new SqlFailureException(
                    code.TrimStart('-'), "P0001",
                    $"Uncaught exception of type '{name.ToUpperInvariant()}' in {_procedure.Name}: {message}");
            }
        }
        else if (TrySkip("RETURN"))
        {
            var expression = UpTo(";");
            if (execute)
            {
                _result = Convert.ToString(Evaluate(expression), CultureInfo.InvariantCulture);
                _returned = true;
            }
        }
        else if (_tokens[_next].Kind == TokenKind.Word && _tokens[_next + 1].Is(":="))
        {
            var name = Take().Value;
            Skip(":=");
            var expression = UpTo(";");
            if (execute) _variables[name] = Evaluate(expression);
        }
        else if (Peek("INSERT") || Peek("UPDATE") || Peek("DELETE"))
        {
            var sql = UpTo(";");
            if (execute) _variables["SQLROWCOUNT"] = (long)_database.Run(_database.Translated(sql), Parameters(sql)).Affected;
        }
        else
        {
            throw new UntranslatableException($"'{_tokens[_next].Value}' in a procedure", _procedure.Body);
        }

        Skip(";");
    }

    private void Branch(bool execute)
    {
        Skip("(");
        var start = _next;
        for (var depth = 1; depth > 0;)
        {
            var token = Take();
            if (token.Is("(")) depth++;
            else if (token.Is(")")) depth--;
        }

        var condition = _procedure.Body[_tokens[start].Position.._tokens[_next - 1].Position];
        Skip("THEN");
        var holds = execute && Evaluate(condition) is long and not 0;
        while (!Peek("END")) Statement(holds);
        Skip("END");
        Skip("IF");
    }

    private void Transact(string verb, bool open)
    {
        _database.Run(verb, []);
        _inTransaction = open;
    }

    private object? Evaluate(string expression)
    {
        var sqlite = SqlTranslator.Translate("SELECT " + expression, _variables.Keys.ToHashSet(StringComparer.OrdinalIgnoreCase));
        return _database.Run(sqlite, Used(sqlite)).Rows[0][0];
    }

    private IEnumerable<(string Name, object? Value)> Parameters(string sql) => Used(_database.Translated(sql));

    private IEnumerable<(string Name, object? Value)> Used(string sqlite) =>
        _variables.Where(
            pair =>
                sqlite.Contains(":" + pair.Key.ToUpperInvariant(), StringComparison.Ordinal)).Select(pair =>
                    (":" + pair.Key.ToUpperInvariant(), pair.Value));

    /// <summary>The text up to a symbol, which stays.</summary>
    private string UpTo(string symbol)
    {
        var start = _tokens[_next].Position;
        while (!Peek(symbol)) _next++;
        return _procedure.Body[start.._tokens[_next].Position];
    }

    private bool Peek(string word) => _next < _tokens.Count && _tokens[_next].Is(word);

    private SqlToken Take() => _tokens[_next++];

    private bool TrySkip(string word)
    {
        if (!Peek(word)) return false;
        _next++;
        return true;
    }

    private void Skip(string word)
    {
        if (!TrySkip(word)) throw new UntranslatableException(
            $"'{(_next < _tokens.Count ? _tokens[_next].Value : "the end")}' where {word} was expected", _procedure.Body);
    }
}
