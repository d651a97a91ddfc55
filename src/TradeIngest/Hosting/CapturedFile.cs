using System.Diagnostics;
using System.Text.Json;
using Crypto.TradeIngest.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>What the service of a data folder captures now, kept in it for other commands; absent while none does.</summary>
internal sealed class CapturedFile(string path, ILogger<CapturedFile> logger)
{
    /// <summary>Writes it; nothing removes it. What cannot be written is logged: capture goes on.</summary>
    public void Write(IReadOnlyCollection<string> tickers)
    {
        try
        {
            var content = new Content(Environment.ProcessId, [.. tickers.Order(StringComparer.Ordinal)]);
            if (tickers.Count == 0) File.Delete(path);
            else if (Directory.Exists(Path.GetDirectoryName(path))) AtomicFile.Write(
                path, JsonSerializer.SerializeToUtf8Bytes(content, MachineJson.Line));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.CapturedNotWritten(path, failure.Message);
        }
    }

    /// <returns>Null when no service runs.</returns>
    public static IReadOnlyList<string>? Read(string path)
    {
        try
        {
            var content = JsonSerializer.Deserialize<Content>(File.ReadAllBytes(path), MachineJson.Line);
            return content?.Symbols is { } symbols && IsAlive(content.Process) ? symbols : null;
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return null;
        }
    }

    // A process that was killed leaves its file behind.
    private static bool IsAlive(int process)
    {
        try
        {
            using var running = Process.GetProcessById(process);
            return !running.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private sealed record Content(int Process, IReadOnlyList<string>? Symbols);
}
