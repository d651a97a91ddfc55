using System.Globalization;
using System.Text;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>
/// Turns the constructs of Snowflake's SQL that this project uses into SQLite's. Numbers with eight decimals are held as integers times
/// 1e8 and instants as microseconds, so that comparing and storing them is exact. What it does not know, it refuses.
/// </summary>
internal sealed class SqlTranslator
{
    private static readonly HashSet<string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "EXISTS", "AS", "ON", "USING", "VALUES", "SET", "BY", "UNION", "ALL", "CASE",
        "WHEN", "THEN", "ELSE",
        "END", "IS", "NULL", "BETWEEN", "LIKE", "ORDER", "GROUP", "HAVING", "JOIN", "LEFT", "INNER", "CROSS", "DISTINCT", "LIMIT", "INTO",
        "INSERT", "UPDATE",
        "DELETE", "WITH", "ASC", "DESC", "OVER", "PARTITION", "TRUE", "FALSE",
    };

    private static readonly HashSet<string> SameFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "COUNT", "SUM", "MAX", "MIN", "COALESCE", "ABS", "UPPER", "LOWER", "LENGTH", "ROW_NUMBER", "LAG",
    };

    private static readonly HashSet<string> Operators = ["=", "<", ">", "<=", ">=", "<>", "!=", "+", "-", "*", "/", "||", ","];

    private readonly string _sql;
    private readonly List<SqlToken> _tokens;
    private readonly IReadOnlySet<string> _variables;
    private int _binds;

    private SqlTranslator(string sql, List<SqlToken> tokens, IReadOnlySet<string>? variables)
    {
        _sql = sql;
        _tokens = tokens;
        _variables = variables ?? new HashSet<string>();
    }

    /// <summary>A query or a change of rows. Binds become <c>?1</c>, <c>?2</c> …, variables of a procedure <c>:NAME</c>.</summary>
    /// <param name="variables">Names that stand for variables even without a colon, as in the conditions of a procedure.</param>
    public static string Translate(string sql, IReadOnlySet<string>? variables = null)
    {
        var tokens = SqlToken.Split(sql);
        return new SqlTranslator(sql, tokens, variables).Range(0, tokens.Count);
    }

    public static string Translate(string sql, List<SqlToken> tokens, int from, int to) =>
        new SqlTranslator(sql, tokens, null).Range(from, to);

    /// <summary>The storage type of a column.</summary>
    public static string TypeOf(string name, IReadOnlyList<string> arguments, string sql) => name.ToUpperInvariant() switch
    {
        "NUMBER" or "INTEGER" or "BIGINT" => (arguments.Count > 1 ? arguments[1] : "0") switch
        {
            "0" => "NUMBER_INT",
            "8" => "NUMBER_D8",
            var scale => throw new UntranslatableException($"numbers with {scale} decimals", sql),
        },
        "VARCHAR" or "STRING" or "TEXT" => "VARCHAR_TEXT",
        "VARIANT" => "VARIANT_TEXT",
        "BOOLEAN" => "BOOLEAN",
        "BINARY" => "BINARY_BLOB",
        "TIMESTAMP_NTZ" when arguments is [] or ["6"] or ["9"] => "TIMESTAMP_NTZ",
        _ => throw new UntranslatableException($"type {name}({string.Join(',', arguments)})", sql),
    };

    private string Range(int from, int to)
    {
        var output = new StringBuilder();
        for (var i = from; i < to;) Append(output, Unit(ref i, to));
        return output.ToString();
    }

    private static void Append(StringBuilder output, string unit)
    {
        if (output.Length > 0 && unit is not ("," or ")" or ".")) output.Append(' ');
        output.Append(unit);
    }

    /// <summary>One operand with what follows it (path, cast), or one keyword or operator.</summary>
    private string Unit(ref int i, int to)
    {
        var token = _tokens[i];
        string unit;
        switch (token.Kind)
        {
            case TokenKind.Text:
                i++;
                unit = token.Value;
                break;
            case TokenKind.Number:
                i++;
                unit = Number(token.Value);
                break;
            case TokenKind.Symbol when token.Value == "(":
                var close = CloseOf(i, to);
                unit = $"({Range(i + 1, close)})";
                i = close + 1;
                break;
            case TokenKind.Symbol when token.Value == "?":
                i++;
                unit = string.Create(CultureInfo.InvariantCulture, $"?{++_binds}");
                break;
            case TokenKind.Symbol when token.Value == ":":
                unit = ":" + _tokens[i + 1].Value.ToUpperInvariant();
                i += 2;
                break;
            case TokenKind.Word when Keywords.Contains(token.Value):
                i++;
                return token.Value.ToUpperInvariant() switch { "TRUE" => "1", "FALSE" => "0", var word => word };
            case TokenKind.Word or TokenKind.Quoted:
                unit = Name(ref i, to);
                break;
            case TokenKind.Symbol when Operators.Contains(token.Value):
                i++;
                return token.Value;
            default:
                throw new UntranslatableException($"'{token.Value}'", _sql);
        }

        return Postfix(unit, ref i, to);
    }

    private string Postfix(string unit, ref int i, int to)
    {
        while (i < to)
        {
            if (_tokens[i].Is(":") && i + 1 < to && _tokens[i + 1].Kind is TokenKind.Word or TokenKind.Quoted)
            {
                var path = new StringBuilder("$");
                do
                {
                    path.Append('.').Append(_tokens[i + 1].Value);
                    i += 2;
                }
                while (i < to && _tokens[i].Is("."));
                unit = $"json_extract({unit}, '{path}')";
            }
            else if (_tokens[i].Is("::"))
            {
                var type = _tokens[i + 1].Value;
                i += 2;
                IReadOnlyList<string> arguments = [];
                if (i < to && _tokens[i].Is("("))
                {
                    var close = CloseOf(i, to);
                    arguments = [.. _tokens[(i + 1)..close].Where(token => token.Kind == TokenKind.Number).Select(token => token.Value)];
                    i = close + 1;
                }

                unit = TypeOf(type, arguments, _sql) switch
                {
                    "NUMBER_INT" or "BOOLEAN" => $"sf_integer({unit})",
                    "NUMBER_D8" => $"sf_decimal({unit})",
                    "VARCHAR_TEXT" => $"CAST({unit} AS TEXT)",
                    "VARIANT_TEXT" => unit,
                    "TIMESTAMP_NTZ" => $"sf_timestamp({unit})",
                    var other => throw new UntranslatableException($"a cast to {other}", _sql),
                };
            }
            else
            {
                break;
            }
        }

        return unit;
    }

    private string Name(ref int i, int to)
    {
        var first = i;
        var name = _tokens[i++].Value;
        while (i + 1 < to && _tokens[i].Is("."))
        {
            var part = _tokens[i + 1];
            name += part.Is("*") ? ".*" : "." + (part.Is("INDEX") ? "key" : part.Value);
            i += 2;
        }

        var isCall = i < to && _tokens[i].Is("(") && !(first > 0 && _tokens[first - 1].Is("INTO"))
            && !(first > 0 && _tokens[first - 1].Is("AS"));
        if (isCall) return Call(name, ref i, to);
        if (name.StartsWith("INFORMATION_SCHEMA.", StringComparison.OrdinalIgnoreCase)) return InformationSchema(name);
        if (_variables.Contains(name)) return ":" + name.ToUpperInvariant();
        if (name.StartsWith("METADATA$", StringComparison.OrdinalIgnoreCase)) throw new UntranslatableException(name, _sql);
        return name;
    }

    private string InformationSchema(string name) => name.ToUpperInvariant() switch
    {
        "INFORMATION_SCHEMA.TABLES" =>
            "(SELECT NAME AS TABLE_NAME, 'PUBLIC' AS TABLE_SCHEMA FROM EMULATED_DEFINITIONS WHERE KIND IN ('TABLE', 'VIEW'))",
        "INFORMATION_SCHEMA.PROCEDURES" =>
            "(SELECT NAME AS PROCEDURE_NAME, 'PUBLIC' AS PROCEDURE_SCHEMA FROM EMULATED_DEFINITIONS WHERE KIND = 'PROCEDURE')",
        _ => throw new UntranslatableException(name, _sql),
    };

    private string Call(string name, ref int i, int to)
    {
        var open = i;
        var close = CloseOf(open, to);
        i = close + 1;
        var starts = Arguments(open + 1, close);
        string Argument(int index) => Range(starts[index].From, starts[index].To);
        string All() => string.Join(", ", Enumerable.Range(0, starts.Count).Select(Argument));
        switch (name.ToUpperInvariant())
        {
            case "TABLE" or "LATERAL":
                return All();
            case "FLATTEN" when _tokens[starts[0].From].Is("INPUT") && starts.Count == 1:
                return $"json_each({Range(starts[0].From + 2, starts[0].To)})";
            case "PARSE_JSON":
                return $"sf_json({Argument(0)})";
            case "IFF":
                return $"iif({All()})";
            case "TO_TIMESTAMP_NTZ" when starts.Count == 2 && Argument(1) == "6":
                return $"sf_integer({Argument(0)})";
            case "TO_BINARY" when Argument(1) == "'BASE64'":
                // An empty array comes back from a function as null.
                var encoded = Argument(0);
                return $"iif({encoded} = '', x'', sf_base64({encoded}))";
            case "TRY_TO_NUMBER":
                return $"sf_try_integer({Argument(0)})";
            case "SPLIT_PART":
                return $"sf_split_part({All()})";
            case "TRY_TO_DECIMAL" when Argument(2) == "8":
                return $"sf_try_decimal({Argument(0)})";
            case "TRY_TO_TIMESTAMP_NTZ":
                return $"sf_try_timestamp({Argument(0)})";
            case "BITSHIFTRIGHT":
                return $"({Argument(0)} >> {Argument(1)})";
            case "CURRENT_ROLE" or "CURRENT_USER" or "CURRENT_ACCOUNT" or "CURRENT_VERSION":
                return $"'{name.ToUpperInvariant()}'";
            case "CURRENT_TIMESTAMP" or "SYSDATE":
                return "sf_now()";
            case "ROUND" when starts.Count == 3 && Argument(1) == "8" && Argument(2) == "'HALF_TO_EVEN'":
                var times = Enumerable.Range(starts[0].From, starts[0].To - starts[0].From).Single(at => _tokens[at].Is("*"));
                return $"sf_round_product({Range(starts[0].From, times)}, {Range(times + 1, starts[0].To)})";
            case var _ when SameFunctions.Contains(name):
                return $"{name}({All()})";
            default:
                throw new UntranslatableException($"the function {name}", _sql);
        }
    }

    private List<(int From, int To)> Arguments(int from, int to)
    {
        var arguments = new List<(int, int)>();
        var depth = 0;
        var start = from;
        for (var i = from; i < to; i++)
        {
            if (_tokens[i].Is("(")) depth++;
            else if (_tokens[i].Is(")")) depth--;
            else if (depth == 0 && _tokens[i].Is(","))
            {
                arguments.Add((start, i));
                start = i + 1;
            }
        }

        if (start < to) arguments.Add((start, to));
        return arguments;
    }

    private int CloseOf(int open, int to)
    {
        var depth = 0;
        for (var i = open; i < to; i++)
        {
            if (_tokens[i].Is("(")) depth++;
            else if (_tokens[i].Is(")") && --depth == 0) return i;
        }

        throw new UntranslatableException("unbalanced parentheses", _sql);
    }

    // A decimal literal is one of the scaled numbers.
    private string Number(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if (point < 0) return text;
        if (text.Length - point - 1 != 8) throw new UntranslatableException($"the number {text}, which has not eight decimals", _sql);
        return text.Remove(point, 1).TrimStart('0') is { Length: > 0 } scaled ? scaled : "0";
    }
}
