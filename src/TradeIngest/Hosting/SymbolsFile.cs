using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The changes of what is captured that <c>trade-ingest symbols</c> makes, on top of the configuration, in the data folder:
/// <code>{"version":1,"edits":[{"change":"add","symbols":"SOLUSDT"},{"change":"remove","symbols":"*EUR"}]}</code>
/// The last edit that matches a symbol holds. Written in one step: a reader sees the old or the new text.
/// </summary>
internal static class SymbolsFile
{
    private const int Version = 1;
    private const string Add = "add";
    private const string Remove = "remove";

    /// <summary>No edits where there is no file.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public static IReadOnlyList<SymbolEdit> Read(string path)
    {
        try
        {
            if (!File.Exists(path)) return [];
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), MachineJson.Document);
            return content is { Version: Version, Edits: { } edits } && edits.All(IsEdit)
                ? [.. edits.Select(edit => new SymbolEdit(edit!.Change == Add, edit.Symbols!))]
                : throw new ConfigurationException($"'{path}' holds no edits of version {Version}; {Repair}");
        }
        catch (Exception failure) when (failure is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"'{path}' cannot be read ({failure.Message}); {Repair}", failure);
        }
    }

    /// <summary>Adds or removes, after what was edited before.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static IReadOnlyList<SymbolEdit> Edit(string path, bool isAdding, IReadOnlyCollection<string> patterns)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // Of two commands at once, the edits of one would be lost.
            using var exclusive = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            IReadOnlyList<SymbolEdit> edits =
            [
                .. Read(path).Where(edit => !patterns.Contains(edit.Pattern, StringComparer.Ordinal)),
                .. patterns.Select(pattern => new SymbolEdit(isAdding, pattern)),
            ];
            var content = new Content(Version, [.. edits.Select(edit => new Entry(edit.IsAdded ? Add : Remove, edit.Pattern))]);
            AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(content, MachineJson.Document));
            return edits;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(
                StorageFault.Busy, $"'{path}' cannot be changed ({failure.Message}). Try again, or make the folder writable.", failure);
        }
    }

    private static string Repair => "repair it, or remove it and make the changes again with trade-ingest symbols.";

    private static bool IsEdit(Entry? edit) =>
        edit is { Change: Add or Remove, Symbols: { } pattern } && SymbolPattern.FaultOf(pattern) is null;

    private sealed record Content(int Version, IReadOnlyList<Entry?>? Edits);

    private sealed record Entry(string? Change, string? Symbols);
}
