using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>Query parameters and the errors the exchange answers bad ones with.</summary>
internal static class RestParameters
{
    public const string SymbolRange = @"^[\w\-._&&[^a-z]]{1,50}$";
    public const string SymbolsRange = @"^\[(""[\w\-._&&[^a-z]]{1,50}""(,""[\w\-._&&[^a-z]]{1,50}""){0,}){0,1}\]$";

    public static bool IsSymbol(string ticker) => ticker.Length is >= 1 and <= 50 && ticker.All(IsSymbolLetter);

    /// <summary>Reads a whole number, or the default when it is absent.</summary>
    /// <returns>The error to answer with, or null.</returns>
    public static RestReply? TryReadNumber(IQueryCollection query, string name, long absent, out long value)
    {
        value = absent;
        if (!query.ContainsKey(name)) return null;
        var text = query[name].ToString();
        if (text.Length == 0) return RestReply.Error(400, -1105, $"Parameter '{name}' was empty.");
        if (text.Length > 20 || !text.All(char.IsAsciiDigit)) return RestReply.IllegalCharacters(name, "^[0-9]{1,20}$");
        return long.TryParse(text, CultureInfo.InvariantCulture, out value) ? null : RestReply.Invalid(name);
    }

    private static bool IsSymbolLetter(char letter) =>
        letter is '_' or '-' or '.' || (char.IsLetterOrDigit(letter) && letter is not (>= 'a' and <= 'z'));
}
