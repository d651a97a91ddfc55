using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>Writes for people or for machines.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>A console whose lines are not broken when a file or a pipe reads them.</summary>
    public static IAnsiConsole People()
    {
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected) console.Profile.Width = 200;
        return console;
    }

    public static void Json<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, Format));

    public static string Count(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Microseconds as a person reads them: <c>850 µs</c>, <c>12.4 ms</c>, <c>1.52 s</c>.</summary>
    public static string Duration(long microseconds) => microseconds switch
    {
        < 1_000 => FormattableString.Invariant($"{microseconds} µs"),
        < 1_000_000 => FormattableString.Invariant($"{microseconds / 1_000.0:0.0} ms"),
        _ => FormattableString.Invariant($"{microseconds / 1_000_000.0:0.00} s"),
    };
}
