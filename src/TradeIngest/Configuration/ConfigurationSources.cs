using System.Collections;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Crypto.TradeIngest.Configuration;

/// <summary>A text that the operator gave for a key.</summary>
/// <param name="Text">Null where the file has a null or nothing, which leaves the default.</param>
/// <param name="Source">The file, the environment variable, or the command line.</param>
/// <param name="Written">The key as it is written there, for messages.</param>
internal sealed record GivenText(string Key, string? Text, string Source, string Written);

/// <summary>What the operator gave, in the order in which one overrides another: file, environment, command line.</summary>
internal static class ConfigurationSources
{
    public const string FileName = "appsettings.json";

    public const string CommandLine = "command line";

    /// <exception cref="ConfigurationException">The file is no JSON, or cannot be read.</exception>
    public static IReadOnlyList<GivenText> Read(IEnumerable<(string Key, string? Value)> commandLine) =>
    [
        .. File(Path.GetFullPath(FileName)),
        .. Environment(),
        .. commandLine.Where(pair => pair.Value is not null).Select(pair => new GivenText(pair.Key, pair.Value, CommandLine, pair.Key)),
    ];

    private static List<GivenText> File(string path)
    {
        try
        {
            var file = new ConfigurationBuilder().AddJsonFile(path, optional: true).Build();
            return
            [
                .. file.AsEnumerable()
                    .Where(pair => !file.GetSection(pair.Key).GetChildren().Any())
                    .OrderBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(pair => new GivenText(pair.Key, pair.Value, FileName, $"'{path}', {pair.Key}")),
            ];
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"'{path}' {FaultOf(failure)}", failure);
        }
    }

    private static string FaultOf(Exception failure) => failure.InnerException switch
    {
        // Both count from 0.
        FormatException { InnerException: JsonException { LineNumber: { } line, BytePositionInLine: { } position } } =>
            $"is not valid JSON at line {line + 1}, position {position + 1}. "
            + "Look for a missing or superfluous comma, quote or bracket there or just before.",
        FormatException format => $"is not a configuration: {format.Message} It takes one JSON object with each key once.",
        _ => $"cannot be read: {failure.Message}",
    };

    private static IEnumerable<GivenText> Environment() => System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(variable => (Name: (string)variable.Key, Text: (string?)variable.Value ?? ""))
        .Where(variable => variable.Name.StartsWith(OptionDescriptor.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
        .OrderBy(variable => variable.Name, StringComparer.Ordinal)
        .Select(variable => new GivenText(KeyOf(variable.Name), variable.Text, variable.Name, variable.Name));

    private static string KeyOf(string variable) =>
        variable[OptionDescriptor.EnvironmentPrefix.Length..].Replace("__", ":", StringComparison.Ordinal);
}
