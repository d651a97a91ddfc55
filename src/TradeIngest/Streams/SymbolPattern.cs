using System.IO.Enumeration;
using System.Text;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Streams;

/// <summary>How symbols are named in options and files: <c>BTCUSDT</c>, <c>*USDT</c>, <c>ALL</c>.</summary>
internal static class SymbolPattern
{
    /// <summary>What <c>ALL</c> stands for.</summary>
    public const string All = "*";

    /// <summary>A list as it is written, separated by commas or blanks, in upper case.</summary>
    public static IReadOnlyList<string> Parse(string list) =>
    [
        .. list.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(text => text.ToUpperInvariant())
            .Select(text => text == "ALL" ? All : text)
            .Distinct(StringComparer.Ordinal),
    ];

    /// <summary>Whether it names one symbol alone.</summary>
    public static bool IsTicker(string pattern) => !pattern.Contains('*', StringComparison.Ordinal);

    public static bool Matches(string pattern, string ticker) => FileSystemName.MatchesSimpleExpression(pattern, ticker, ignoreCase: false);

    /// <summary>What is wrong with the form of a ticker or pattern and what to do, or null.</summary>
    public static string? FaultOf(string pattern)
    {
        if (pattern.FirstOrDefault(letter => !IsAllowed(letter)) is not '\0' and var other) return
            $"'{pattern}' is no ticker or pattern because of '{other}'; write letters and digits as in BTCUSDT, with * for any others as "
                + "in *USDT";
        return Encoding.UTF8.GetByteCount(pattern) is 0 or > SymbolTable.MaxTickerLength
            ? $"'{pattern}' is no ticker or pattern: it has 1 to {SymbolTable.MaxTickerLength} bytes"
            : null;
    }

    private static bool IsAllowed(char letter) =>
        char.IsLetterOrDigit(letter) || char.IsSurrogate(letter) || letter is '*' or '-' or '_' or '.';
}
