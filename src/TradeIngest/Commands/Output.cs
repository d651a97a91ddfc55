using System.Text.Json;
using Crypto.TradeIngest.Diagnostics;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>Writes for people or for machines.</summary>
internal static class Output
{
    // Wider than any table here.
    private const int UnbrokenWidth = 1000;

    /// <summary>A console without colors and broken lines when a file or a pipe reads it.</summary>
    public static IAnsiConsole People() => Console.IsOutputRedirected ? Plain(Console.Out) : AnsiConsole.Console;

    /// <summary>The same for messages beside the output.</summary>
    public static IAnsiConsole Errors() => Console.IsErrorRedirected
        ? Plain(Console.Error)
        : AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    public static void Json<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, MachineJson.Document));

    /// <summary>An array, written as its elements come.</summary>
    public static async Task JsonAsync<T>(IAsyncEnumerable<T> values, CancellationToken cancellationToken)
    {
        await using var output = Console.OpenStandardOutput();
        await JsonSerializer.SerializeAsync(output, values, MachineJson.Document, cancellationToken);
        await output.WriteAsync("\n"u8.ToArray(), cancellationToken);
    }

    public static string Count(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Microseconds as a person reads them: <c>850 µs</c>, <c>12.4 ms</c>, <c>1.52 s</c>.</summary>
    public static string Duration(long microseconds) => microseconds switch
    {
        < 1_000 => FormattableString.Invariant($"{microseconds} µs"),
        < 1_000_000 => FormattableString.Invariant($"{microseconds / 1_000.0:0.0} ms"),
        _ => FormattableString.Invariant($"{microseconds / 1_000_000.0:0.00} s"),
    };

    private static IAnsiConsole Plain(TextWriter writer)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        console.Profile.Width = UnbrokenWidth;
        return console;
    }
}
