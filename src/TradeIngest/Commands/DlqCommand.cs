using System.CommandLine;
using System.Text;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeModel.Quality;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class DlqCommand
{
    public static Command Create() => new(
        "dlq",
        """
        Shows what could not become a trade, and tries it again after a new version understands it.

        Examples:
          trade-ingest dlq list --reason malformed_json
          trade-ingest dlq replay --reason unknown_event
        """)
    {
        List(), Replay(),
    };

    private static Command List()
    {
        var (reason, data, json) = (Reason(), CommonOptions.Data(), CommonOptions.Json());
        var limit = new Option<int>("--limit") { Description = "At most so many, the oldest first. Default: 100", HelpName = "N", DefaultValueFactory = _ => 100 };
        var command = new Command("list", "Lists dead letters: position, time, reason, detail, raw bytes. Also while the service runs.") { reason, limit, data, json };
        command.SetAction((parsed, stop) => CommandLine.LeavingAsync(
            token => WithLogAsync(
                parsed.GetValue(data), isWriting: false,
                log => ListAsync(log, parsed.GetValue(reason), parsed.GetValue(limit), parsed.GetValue(json), token), token),
            stop));
        return command;
    }

    private static Command Replay()
    {
        var (reason, data, json) = (Reason(), CommonOptions.Data(), CommonOptions.Json());
        var command = new Command(
            "replay",
            "Parses the raw bytes again. Those that are trades now are appended to the log; each is stored once, however often this is run. The others stay.")
        {
            reason, data, json,
        };
        command.SetAction((parsed, cancellation) => WithLogAsync(
            parsed.GetValue(data), isWriting: true,
            log => ReplayAsync(log, parsed.GetValue(reason), parsed.GetValue(json), cancellation), cancellation));
        return command;
    }

    private static Option<string?> Reason() => new("--reason") { Description = "Only those with this reason.", HelpName = "NAME" };

    private static async Task<int> WithLogAsync(
        string? data, bool isWriting, Func<ITradeLog, Task<int>> work, CancellationToken cancellationToken)
    {
        var options = Configuration.Read(("Data", data));
        var folder = new DataFolder(options.Data);
        using var loggers = Configuration.Loggers(LogLevel.Warning);

        // The log in a file has one writer, and readers beside it.
        var isFile = options.Log.Kind == LogKind.Embedded;
        if (isFile && !File.Exists(folder.Log)) throw new ConfigurationException($"'{folder.Path}' has no log; set --data.");
        using var folderLock = isFile && isWriting ? folder.Lock() : null;
        await using var log = isFile && !isWriting
            ? EmbeddedTradeLog.OpenForReading(folder.Log, TimeProvider.System, cancellationToken)
            : await Stores.OpenLogAsync(folder, options, TimeProvider.System, loggers);
        return await work(log);
    }

    private static async Task<int> ListAsync(ITradeLog log, string? reason, int limit, bool json, CancellationToken cancellationToken)
    {
        var letters = new List<Entry>();
        await foreach (var letter in new DeadLetters(log).ReadAsync(WantedOf(reason), cancellationToken))
        {
            if (letters.Count >= limit) break;
            letters.Add(Entry.Of(letter));
        }

        if (json)
        {
            Output.Json(letters);
            return ExitCode.Ok;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("position", "received", "reason", "detail", "raw");
        foreach (var letter in letters)
        {
            table.AddRow(
                $"{letter.Partition}/{letter.Offset}", letter.Received, letter.Reason, Markup.Escape(letter.Detail), Markup.Escape(Shortened(letter.Text)));
        }

        Output.People().Write(table);
        return ExitCode.Ok;
    }

    private static async Task<int> ReplayAsync(ITradeLog log, string? reason, bool json, CancellationToken cancellationToken)
    {
        var result = await new DeadLetters(log).ReplayAsync(WantedOf(reason), cancellationToken);
        if (json) Output.Json(result);
        else Output.People().MarkupLineInterpolated($"read {Output.Count(result.Read)} dead letters: {Output.Count(result.Replayed)} are trades now and were appended, {Output.Count(result.Remaining)} are not");
        return ExitCode.Ok;
    }

    private static ErrorReason? WantedOf(string? reason)
    {
        if (reason is null) return null;
        return ErrorReasons.TryParse(reason, out var wanted) ? wanted : throw new ConfigurationException(
            $"--reason '{reason}' is none of {string.Join(", ", Enum.GetValues<ErrorReason>().Skip(1).Select(known => known.Name()))}.");
    }

    private static string Shortened(string text) => text.Length > 80 ? text[..80] + "…" : text;

    private sealed record Entry(int Partition, long Offset, string Received, string Reason, string Detail, string Source, string Text, string Base64)
    {
        public static Entry Of(StoredLetter stored) => new(
            stored.Partition, stored.Offset, stored.Letter.ReceivedTime.ToString(), stored.Letter.Reason.Name(), stored.Letter.Detail, stored.Letter.Source.ToString(),
            Encoding.UTF8.GetString(stored.Letter.Payload), Convert.ToBase64String(stored.Letter.Payload));
    }
}
