using System.CommandLine;
using System.Text;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Quality;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class DlqCommand
{
    private const int LettersPerTable = 1000;

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
        var limit = CommonOptions.Number("--limit", "Most to list, the oldest first. Default: 100", 1, int.MaxValue, 100);
        var command = new Command(
            "list",
            """
            Lists dead letters: position, time, count, reason, detail, raw bytes; also while the service runs. A count above one is the
            summary of a flood, with samples; of a long message the first bytes are there.
            """)
        {
            reason, limit, data, json,
        };
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
            """
            Parses the raw bytes again. Those that are trades now are appended to the log; each is stored once, however often this is run.
            The others stay, and so do those whose bytes were not all kept: summaries, and messages too long.
            """)
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
        var options = ServiceConfiguration.Read(("Data", data));
        var folder = new DataFolder(options.Data);
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Warning);

        // The log in a file has one writer, and readers beside it.
        var isFile = options.Log.Kind == LogKind.Embedded;
        if (isFile && !File.Exists(folder.Log)) throw new ConfigurationException($"'{folder.Path}' has no log; set --data.");
        using var folderLock = isFile && isWriting ? folder.Lock() : null;
        await using var log = isFile && !isWriting
            ? EmbeddedTradeLog.OpenForReading(folder.Log, TimeProvider.System, cancellationToken)
            : await Stores.OpenLogAsync(folder, options, TimeProvider.System, loggers);
        return await work(log);
    }

    // Written as they are read: each has up to its payload's bound, and there may be millions.
    private static async Task<int> ListAsync(ITradeLog log, string? reason, int limit, bool json, CancellationToken cancellationToken)
    {
        var letters = new DeadLetters(log).ReadAsync(WantedOf(reason), cancellationToken).Take(limit).Select(Entry.Of);
        if (json)
        {
            await Output.JsonAsync(letters, cancellationToken);
            return ExitCode.Ok;
        }

        await foreach (var page in letters.Select(Row).Chunk(LettersPerTable).DefaultIfEmpty([]).WithCancellation(cancellationToken))
        {
            Output.People().Write(TableOf(page));
        }

        return ExitCode.Ok;
    }

    private static string[] Row(Entry letter) =>
    [
        $"{letter.Partition}/{letter.Offset}", letter.Received, Output.Count(letter.Count), letter.Reason, Markup.Escape(letter.Detail),
        Markup.Escape(Shortened(letter.Text)),
    ];

    private static Table TableOf(string[][] rows)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("position", "received", "count", "reason", "detail", "raw");
        table.Columns[2].RightAligned();
        foreach (var row in rows) table.AddRow(row);
        return table;
    }

    private static async Task<int> ReplayAsync(ITradeLog log, string? reason, bool json, CancellationToken cancellationToken)
    {
        var result = await new DeadLetters(log).ReplayAsync(WantedOf(reason), cancellationToken);
        var (read, replayed, remaining) = (Output.Count(result.Read), Output.Count(result.Replayed), Output.Count(result.Remaining));
        if (json) Output.Json(result);
        else Output.People().MarkupLineInterpolated(
            $"read {read} dead letters: {replayed} are trades now and were appended, {remaining} are not");
        return ExitCode.Ok;
    }

    private static ErrorReason? WantedOf(string? reason)
    {
        if (reason is null) return null;
        return ErrorReasons.TryParse(reason, out var wanted) ? wanted : throw new ConfigurationException(
            $"--reason '{reason}' is none of {string.Join(", ", Enum.GetValues<ErrorReason>().Skip(1).Select(known => known.Name()))}.");
    }

    private static string Shortened(string text) => text.Length > 80 ? text[..80] + "…" : text;

    /// <param name="Count">Letters it stands for: more than one in a summary.</param>
    /// <param name="Length">Bytes received of all of them; more than the text has when not all were kept.</param>
    private sealed record Entry(
        int Partition, long Offset, string Received, string FirstReceived, long Count, long Length, string Reason, string Detail,
        string Source,
        string Text, string Base64)
    {
        public static Entry Of(StoredLetter stored)
        {
            var letter = stored.Letter;
            return new Entry(
                stored.Partition, stored.Offset, letter.ReceivedTime.ToString(), letter.FirstTime.ToString(), letter.Count, letter.Length,
                letter.Reason.Name(), letter.Detail, letter.Source.ToString(), Encoding.UTF8.GetString(letter.Payload),
                Convert.ToBase64String(letter.Payload));
        }
    }
}
