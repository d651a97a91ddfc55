using System.CommandLine;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class ReplayCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Archive CSV (.csv, .csv.gz, .zip) or recorded frames (.jsonl, .jsonl.gz).",
            Arity = ArgumentArity.OneOrMore,
        };
        var symbol = new Option<string?>("--symbol")
        {
            Description = "Ticker of archive lines. Default: from the file's name",
            HelpName = "TICKER",
        };
        var correct = new Option<bool>("--correct")
        {
            Description = "The files are right: where they say something else than what is stored, theirs takes its place.",
        };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "replay",
            """
            Loads recorded trades into the data folder. May be repeated, split, reordered or interrupted: each trade is stored once.
            A trade that is stored with another content is a conflict: both are kept, and the exit code is 1.

            Examples:
              trade-ingest replay BTCUSDT-trades-2026-02-03.zip
              trade-ingest replay frames.jsonl.gz --data ./recorded --json
            """)
        {
            files, symbol, correct, data, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(files)!, parsed.GetValue(symbol), parsed.GetValue(correct), parsed.GetValue(data), parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        string[] files, string? symbol, bool correct, string? data, bool json, CancellationToken cancellationToken)
    {
        var options = ServiceConfiguration.ReadForFolder(("Data", data));
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Warning);
        var folder = new DataFolder(options.Data);

        // A misspelled name, a wrong format or a damaged file shows before anything is created.
        foreach (var path in files)
        {
            using var file = ReplayFile.Open(path, new SymbolTable(), TimeProvider.System, symbol);
            await file.CheckAsync(cancellationToken);
        }

        var results = new List<FileResult>();
        ReplaySummary summary;
        await using (var stores = await Stores.OpenAsync(folder, options, TimeProvider.System, loggers, cancellationToken))
        {
            var mode = correct ? new ReplayMode(true, ConflictsIn(folder)) : ReplayMode.Adding;
            await using var session = await ReplaySession.StartAsync(
                stores, options, mode, TimeProvider.System, loggers, cancellationToken);
            var conflictsBefore = ConflictsIn(folder).Count;

            var opened = new List<(string Path, ReplayFile File)>();
            try
            {
                foreach (var path in files) opened.Add((path, session.Open(path, symbol)));
                await PushAllAsync(session, opened, results, json, cancellationToken);
            }
            finally
            {
                foreach (var (_, file) in opened) file.Dispose();
            }

            await session.CompleteAsync(cancellationToken);
            using var reading = SqliteDatabase.OpenForReading(folder.Warehouse, cancellationToken);
            summary = new ReplaySummary(
                results, session.Metrics.Sink.Stored.Value,
                session.Metrics.Continuity.Duplicates.Value + session.Metrics.Sink.Duplicates.Value,
                session.Metrics.Quality.Invalid.Value + results.Sum(result => result.Rejected),
                correct ? 0 : Math.Max(session.Disputed, ConflictsIn(folder).Count - conflictsBefore), correct ? session.Disputed : 0,
                WarehouseTotals.Read(reading));
        }

        if (json) Output.Json(summary);
        else Write(summary);
        return summary.Rejected > 0 || summary.Conflicts > 0 ? ExitCode.CheckFailed : ExitCode.Ok;
    }

    private static IReadOnlySet<TradeKey> ConflictsIn(DataFolder folder)
    {
        using var reading = SqliteDatabase.OpenForReading(folder.Warehouse);
        return SqliteReads.TradeConflicts(reading);
    }

    private static async Task PushAllAsync(
        ReplaySession session, List<(string Path, ReplayFile File)> opened, List<FileResult> results, bool json,
        CancellationToken cancellationToken)
    {
        if (json || Console.IsOutputRedirected)
        {
            foreach (var (path, file) in opened) results.Add(await PushAsync(session, path, file, static () => { }, cancellationToken));
            return;
        }

        await Output.People().Progress()
            .Columns(
                new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(),
                new SpinnerColumn())
            .StartAsync(async progress =>
            {
                var bars = opened.Select(Bar).ToList();
                for (var i = 0; i < opened.Count; i++)
                {
                    var (bar, file) = (bars[i], opened[i].File);
                    results.Add(await PushAsync(session, opened[i].Path, file, () => bar.Value = file.BytesRead, cancellationToken));
                    bar.Value = bar.MaxValue;
                }

                ProgressTask Bar((string Path, ReplayFile File) entry) =>
                    progress.AddTask(Markup.Escape(Path.GetFileName(entry.Path)), maxValue: Math.Max(1, entry.File.Length));
            });
    }

    private static async Task<FileResult> PushAsync(
        ReplaySession session, string path, ReplayFile file, Action onProgress, CancellationToken cancellationToken)
    {
        await session.PushAsync(file, onProgress, cancellationToken);
        var counts = file.Counts;
        return new FileResult(
            Path.GetFileName(path), counts.Lines, counts.Trades, counts.OtherFrames, counts.DeadLetters, counts.QuoteMismatches);
    }

    private static void Write(ReplaySummary summary)
    {
        var console = Output.People();
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("file", "lines", "trades", "other kinds", "rejected", "quote mismatches");
        foreach (var column in table.Columns.Skip(1)) column.RightAligned();
        foreach (var file in summary.Files)
        {
            table.AddRow(
                Markup.Escape(file.File), Output.Count(file.Lines), Output.Count(file.Trades), Output.Count(file.OtherKinds),
                Output.Count(file.Rejected), Output.Count(file.QuoteMismatches));
        }

        var others = summary.Files.Sum(file => file.OtherKinds);
        console.Write(table);
        console.MarkupInterpolated($"stored [green]{Output.Count(summary.Stored)}[/] new trades, ");
        console.WriteLine(
            $"passed over {Output.Count(summary.Duplicates)} known ones and {Output.Count(others)} frames of other kinds, "
            + $"rejected {Output.Count(summary.Rejected)} lines"
            + (summary.Corrected > 0 ? $", corrected {Output.Count(summary.Corrected)}" : ""));
        console.MarkupLineInterpolated(
            $"the warehouse holds {Output.Count(summary.Warehouse.Facts)} trades worth {summary.Warehouse.Amount} USD");
        if (summary.Conflicts > 0)
        {
            CommandLine.WriteError(
                $"{Output.Count(summary.Conflicts)} trades are stored with another content; both are kept. See: trade-ingest query "
                + "\"SELECT ticker, trade_id, CAST(record_content AS TEXT) FROM REJECTED_TRADES WHERE error_reason = 'content_conflict'\". "
                + "If these files are right, replay them with --correct.");
        }

        if (summary.Rejected > 0)
        {
            CommandLine.WriteError(
                "some lines were rejected; see: trade-ingest query \"SELECT error_reason, error_detail FROM REJECTED_TRADES\"");
        }
    }

    /// <param name="OtherKinds">Frames of other streams than trades, such as aggTrade.</param>
    private sealed record FileResult(string File, long Lines, long Trades, long OtherKinds, long Rejected, long QuoteMismatches);

    private sealed record ReplaySummary(
        IReadOnlyList<FileResult> Files, long Stored, long Duplicates, long Rejected, long Conflicts, long Corrected,
        WarehouseTotals Warehouse);
}
