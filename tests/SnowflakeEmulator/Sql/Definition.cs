using System.Text;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>A CREATE, DROP or TRUNCATE statement taken apart.</summary>
internal sealed class Definition
{
    private readonly string _sql;
    private readonly List<SqlToken> _tokens;
    private int _next;

    public Definition(string sql, List<SqlToken> tokens)
    {
        _sql = sql;
        _tokens = tokens;
        var verb = Take();
        if (!verb.Is("CREATE"))
        {
            Kind = $"{verb.Value} {Take().Value}".ToUpperInvariant();
            if (TrySkip("IF")) Skip("EXISTS");
            Name = Take().Value;
            return;
        }

        if (TrySkip("OR"))
        {
            Skip("REPLACE");
            OrReplace = true;
        }

        Kind = Take().Value.ToUpperInvariant();
        if (TrySkip("IF"))
        {
            Skip("NOT");
            Skip("EXISTS");
            IfNotExists = true;
        }

        Name = Take().Value;
    }

    public string Kind { get; }

    public string Name { get; }

    public bool OrReplace { get; }

    public bool IfNotExists { get; private set; }

    public EmulatedTable ToTable()
    {
        Skip("(");
        var columns = new List<EmulatedColumn>();
        do columns.Add(Column());
        while (TrySkip(","));
        Skip(")");
        Options();
        if (_next < _tokens.Count) throw new UntranslatableException($"'{_tokens[_next].Value}' behind a table's columns", _sql);
        return new EmulatedTable(Name, columns);
    }

    public EmulatedColumn ToAddedColumn()
    {
        Skip("ADD");
        Skip("COLUMN");
        if (TrySkip("IF"))
        {
            Skip("NOT");
            Skip("EXISTS");
            IfNotExists = true;
        }

        var column = Column();
        return IfNotExists && column.Default is not null
            ? throw new UntranslatableException("IF NOT EXISTS with a default, which Snowflake refuses", _sql)
            : column;
    }

    public string ToView()
    {
        var text = new StringBuilder($"CREATE VIEW {Name}");
        if (TrySkip("("))
        {
            var names = new List<string>();
            do
            {
                names.Add(Take().Value);
                if (TrySkip("COMMENT")) Take();
            }
            while (TrySkip(","));
            Skip(")");
            text.Append(" (").AppendJoin(", ", names).Append(')');
        }

        Options();
        Skip("AS");
        return text.Append(" AS ").Append(SqlTranslator.Translate(_sql, _tokens, _next, _tokens.Count)).ToString();
    }

    public EmulatedProcedure ToProcedure()
    {
        Skip("(");
        var parameters = new List<string>();
        while (!TrySkip(")"))
        {
            parameters.Add(Take().Value.ToUpperInvariant());
            Take();
            TrySkip(",");
        }

        while (_tokens[_next].Kind != TokenKind.Body) _next++;
        return new EmulatedProcedure(Name, parameters, Take().Value);
    }

    private EmulatedColumn Column()
    {
        var name = Take().Value;
        var type = Take().Value;
        var arguments = new List<string>();
        if (TrySkip("("))
        {
            while (!TrySkip(")"))
            {
                arguments.Add(Take().Value);
                TrySkip(",");
            }
        }

        var nullable = true;
        string? @default = null;
        while (true)
        {
            if (TrySkip("NOT"))
            {
                Skip("NULL");
                nullable = false;
            }
            else if (TrySkip("DEFAULT"))
            {
                @default = Take() is { Kind: TokenKind.Text } text
                    ? text.Value
                    : throw new UntranslatableException("a default that is no text", _sql);
            }
            else if (TrySkip("COMMENT"))
            {
                Take();
            }
            else
            {
                return new EmulatedColumn(name, SqlTranslator.TypeOf(type, arguments, _sql), nullable, @default);
            }
        }
    }

    // Options that change nothing here: comments, and what makes streaming into a table better observed.
    private void Options()
    {
        while (_next < _tokens.Count)
        {
            if (TrySkip("COMMENT") || TrySkip("ROW_TIMESTAMP") || TrySkip("ERROR_LOGGING") || TrySkip("CHANGE_TRACKING"))
            {
                Skip("=");
                Take();
            }
            else if (TrySkip("CLUSTER"))
            {
                Skip("BY");
                Skip("(");
                for (var depth = 1; depth > 0;)
                {
                    var token = Take();
                    if (token.Is("(")) depth++;
                    else if (token.Is(")")) depth--;
                }
            }
            else
            {
                return;
            }
        }
    }

    private SqlToken Take() =>
        _next < _tokens.Count ? _tokens[_next++] : throw new UntranslatableException("a statement that ends early", _sql);

    private bool TrySkip(string word)
    {
        if (_next >= _tokens.Count || !_tokens[_next].Is(word)) return false;
        _next++;
        return true;
    }

    private void Skip(string word)
    {
        if (!TrySkip(word)) throw new UntranslatableException(
            $"'{(_next < _tokens.Count ? _tokens[_next].Value : "the end")}' where {word} was expected", _sql);
    }
}
