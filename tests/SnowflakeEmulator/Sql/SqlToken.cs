namespace Crypto.SnowflakeEmulator.Sql;

internal enum TokenKind
{
    Word,
    Quoted,
    Text,
    Number,
    Symbol,
    Body,
}

/// <summary>A token of Snowflake's SQL.</summary>
internal readonly record struct SqlToken(TokenKind Kind, string Value, int Position)
{
    public bool Is(string word) => Kind is TokenKind.Word or TokenKind.Symbol && Value.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>Splits a statement; comments are left out.</summary>
    public static List<SqlToken> Split(string sql)
    {
        var tokens = new List<SqlToken>();
        for (var i = 0; i < sql.Length;)
        {
            var start = i;
            var letter = sql[i];
            if (char.IsWhiteSpace(letter)) i++;
            else if (letter == '-' && Follows(sql, i, "--")) i = EndOf(sql, "\n", i);
            else if (letter == '/' && Follows(sql, i, "//")) i = EndOf(sql, "\n", i);
            else if (letter == '/' && Follows(sql, i, "/*")) i = EndOf(sql, "*/", i);
            else if (Follows(sql, i, "$$"))
            {
                i = EndOf(sql, "$$", i + 2);
                tokens.Add(new SqlToken(TokenKind.Body, sql[(start + 2)..(i - 2)], start));
            }
            else if (letter is '\'' or '"')
            {
                for (i++; i < sql.Length && (sql[i] != letter || (i + 1 < sql.Length && sql[i + 1] == letter)); i++)
                {
                    if (sql[i] == letter) i++;
                }

                i++;
                tokens.Add(new SqlToken(letter == '"' ? TokenKind.Quoted : TokenKind.Text, sql[start..i], start));
            }
            else if (char.IsAsciiLetter(letter) || letter == '_')
            {
                while (i < sql.Length && (char.IsAsciiLetterOrDigit(sql[i]) || sql[i] is '_' or '$')) i++;
                tokens.Add(new SqlToken(TokenKind.Word, sql[start..i], start));
            }
            else if (char.IsAsciiDigit(letter))
            {
                while (i < sql.Length && (char.IsAsciiDigit(sql[i]) || sql[i] == '.')) i++;
                tokens.Add(new SqlToken(TokenKind.Number, sql[start..i], start));
            }
            else
            {
                var symbol = new[] { "::", "=>", "||", "<>", "!=", "<=", ">=", ":=" }.FirstOrDefault(two => Follows(sql, start, two))
                    ?? letter.ToString();
                i += symbol.Length;
                tokens.Add(new SqlToken(TokenKind.Symbol, symbol, start));
            }
        }

        return tokens;
    }

    private static bool Follows(string sql, int position, string text) => string.CompareOrdinal(sql, position, text, 0, text.Length) == 0;

    private static int EndOf(string sql, string end, int from)
    {
        var found = sql.IndexOf(end, from, StringComparison.Ordinal);
        return found < 0 ? sql.Length : found + end.Length;
    }
}
