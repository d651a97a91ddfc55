using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>The times that a list is asked for; null where not bounded.</summary>
/// <param name="Start">Inclusive.</param>
/// <param name="End">Exclusive.</param>
internal readonly record struct TimeRange(Timestamp? Start, Timestamp? End)
{
    public bool IsBounded => Start is not null || End is not null;
}

/// <summary>Query parameters and the errors the exchange answers bad ones with.</summary>
internal static partial class RestParameters
{
    public const string SymbolRange = @"^[\w\-._&&[^a-z]]{1,50}$";
    public const string SymbolsRange = @"^\[(""[\w\-._&&[^a-z]]{1,50}""(,""[\w\-._&&[^a-z]]{1,50}""){0,}){0,1}\]$";

    public static bool IsSymbol(string? ticker) => ticker is { Length: >= 1 and <= 50 } && ticker.All(IsSymbolLetter);

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

    /// <summary>Reads <c>startTime</c> and <c>endTime</c>, of which the exchange counts both in, in milliseconds or microseconds.</summary>
    /// <returns>The error to answer with, or null.</returns>
    public static RestReply? TryReadRange(IQueryCollection query, out TimeRange range)
    {
        range = default;
        if (TryReadNumber(query, "startTime", -1, out var start) is { } badStart) return badStart;
        if (TryReadNumber(query, "endTime", -1, out var end) is { } badEnd) return badEnd;
        range = new TimeRange(
            start < 0 ? null : Timestamp.FromUnixGuessingUnit(start),
            end < 0 || end == long.MaxValue ? null : Timestamp.FromUnixGuessingUnit(end + 1));
        return null;
    }

    /// <summary>Reads <c>timeZone</c>: <c>0</c>, <c>8</c>, <c>-1:00</c>, <c>05:45</c>.</summary>
    /// <returns>The error to answer with, or null.</returns>
    public static RestReply? TryReadZone(IQueryCollection query, out TimeSpan zone)
    {
        zone = TimeSpan.Zero;
        if (!query.ContainsKey("timeZone")) return null;
        var match = Zone().Match(query["timeZone"].ToString());
        if (!match.Success) return RestReply.Invalid("timeZone");
        var minutes = match.Groups["minutes"] is { Success: true } group ? int.Parse(group.Value, CultureInfo.InvariantCulture) : 0;
        zone = new TimeSpan(int.Parse(match.Groups["hours"].Value, CultureInfo.InvariantCulture), minutes, 0);
        if (match.Groups["sign"].Value == "-") zone = -zone;
        return minutes < 60 && zone >= TimeSpan.FromHours(-12) && zone <= TimeSpan.FromHours(14) ? null : RestReply.Invalid("timeZone");
    }

    /// <summary>Reads a list, as one value or as an array in JSON; empty when absent.</summary>
    /// <returns>The error to answer with, or null.</returns>
    public static RestReply? TryReadList(IQueryCollection query, string name, out IReadOnlyList<string> values)
    {
        values = [];
        if (!query.ContainsKey(name)) return null;
        var text = query[name].ToString();
        if (text.Length == 0) return RestReply.Error(400, -1105, $"Parameter '{name}' was empty.");
        try
        {
            values = text[0] == '[' ? JsonSerializer.Deserialize<string[]>(text)! : [text];
            return null;
        }
        catch (JsonException)
        {
            return RestReply.Invalid(name);
        }
    }

    [GeneratedRegex(
        @"^(?<sign>[+-]?)(?<hours>[0-9]{1,2})(:(?<minutes>[0-9]{2}))?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Zone();

    private static bool IsSymbolLetter(char letter) =>
        letter is '_' or '-' or '.' || (char.IsLetterOrDigit(letter) && letter is not (>= 'a' and <= 'z'));
}
