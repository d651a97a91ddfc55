using System.CommandLine;
using System.Globalization;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static partial class BackfillCommand
{
    // For a person who waits: a wrong address shows soon.
    private const int FirstAttempts = 5;

    public static Command Create()
    {
        var symbol = new Argument<string?>("SYMBOL")
        {
            Description = "The ticker, such as BTCUSDT. Without a range: only the open gaps of this symbol; without it, those of all.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var fromId = CommonOptions.OptionalNumber("--from-id", "First trade id of a range, by REST.", 0, TradeQuality.MaxTradeId);
        var toId = CommonOptions.OptionalNumber("--to-id", "Last trade id of the range.", 0, TradeQuality.MaxTradeId);
        var from = Text("--from", $"Begin of a range of times, by REST: {Timestamp.Forms}.", "TIME");
        var to = Text("--to", "End of the range, which does not belong to it.", "TIME");
        var dates = Text("--dates", "Days in UTC, both ends included, from the exchange's archive: 2026-02-03..2026-02-05.", "A..B");
        var archive = new Option<string[]>("--archive")
        {
            Description = "Archive files on this machine, or a folder of them (SYMBOL-trades-DATE.zip, .csv, .csv.gz).",
            HelpName = "FILE|DIR",
            AllowMultipleArgumentsPerToken = true,
        };
        var address = Text(
            "--archive-address", "Base of the archive for --dates, such as a mirror. Default: https://data.binance.vision", "URL");
        var rest = Text(
            "--rest", "Base of the exchange's REST calls; a running service uses its own. Default: https://api.binance.com", "URL");
        var cancel = new Option<bool>("--cancel") { Description = "Take back what was handed to the running service, all of it." };
        var (data, json) = (CommonOptions.Data(), CommonOptions.Json());
        var command = new Command(
            "backfill",
            """
            Fetches and stores trades that are missing: the open gaps, or a range of ids, times or days. What is there already is neither
            fetched nor stored again, so a backfill that was ended anyhow goes on where it was.

            While run works on the data folder it gets the request and carries it out beside the capture, also after a restart; this
            command shows how it gets on, and Ctrl+C leaves it there. Over Kafka the command itself appends to the topic.

            Examples:
              trade-ingest backfill
              trade-ingest backfill BTCUSDT --from-id 5866398099 --to-id 5866500000
              trade-ingest backfill BTCUSDT --from 2026-02-03T09:00:00Z --to 2026-02-03T10:00:00Z
              trade-ingest backfill BTCUSDT --dates 2026-02-03..2026-02-05
              trade-ingest backfill --archive ./downloads
              trade-ingest backfill --cancel
            """)
        {
            symbol, fromId, toId, from, to, dates, archive, address, rest, cancel, data, json,
        };
        command.SetAction((parsed, stop) =>
        {
            var options = ServiceConfiguration.Read(
                ("Data", parsed.GetValue(data)),
                ("Exchange:Rest", parsed.GetValue(rest)),
                ("Backfill:ArchiveAddress", parsed.GetValue(address)));
            if (parsed.GetValue(cancel)) return Task.FromResult(Cancel(new DataFolder(options.Data), parsed.GetValue(json)));
            var days = DaysOf(parsed.GetValue(dates));
            var request = new BackfillRequest
            {
                Symbol = parsed.GetValue(symbol)?.ToUpperInvariant(),
                FromId = parsed.GetValue(fromId),
                ToId = parsed.GetValue(toId),
                FromTime = TimeOf("--from", parsed.GetValue(from)),
                ToTime = TimeOf("--to", parsed.GetValue(to)),
                FirstDate = days?.First,
                LastDate = days?.Last,
                ArchiveAddress = days is null ? null : options.Backfill.ArchiveAddress,
                Files = parsed.GetValue(archive) is { Length: > 0 } paths
                    ? FilesOf(paths, parsed.GetValue(symbol)?.ToUpperInvariant())
                    : null,
            };
            if (request.Faults(TimeProvider.System).ToList() is { Count: > 0 } faults) throw ConfigurationException.Of(faults);
            return RunAsync(request, options, parsed.GetValue(json), stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(BackfillRequest request, ServiceOptions options, bool json, CancellationToken cancellationToken)
    {
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Warning);
        var folder = new DataFolder(options.Data);
        var view = new BackfillView(json, TimeProvider.System);
        try
        {
            return await RunHereAsync(request, options, folder, view, json, loggers, cancellationToken);
        }
        catch (StorageException busy) when (busy.Fault == StorageFault.Busy && options.Log.Kind == LogKind.Embedded)
        {
            return await RunInServiceAsync(request, folder, busy, view, json, cancellationToken);
        }
    }

    private static async Task<int> RunHereAsync(
        BackfillRequest request, ServiceOptions options, DataFolder folder, BackfillView view, bool json, ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        var clock = TimeProvider.System;
        await using var stores = await BackfillStores.OpenAsync(folder, options, request.Symbol, clock, loggers, cancellationToken);
        var ban = new ExchangeBan(clock, folder.ExchangeBan, loggers.CreateLogger<BackfillJob>());
        var rest = new Uri(options.Exchange.Rest.EndsWith('/') ? options.Exchange.Rest : options.Exchange.Rest + "/");
        using var http = BinanceRestClient.CreateHttp(rest);
        var files = new BackfillFolder(folder.Backfill);
        files.Sweep(clock);
        var job = new BackfillJob(
            new BinanceRestClient(http, new WeightBudget(clock, ban), clock), stores.Session, files.Downloads,
            new BackoffOptions(options.Exchange.Backfill.RetryDelay, TimeSpan.FromMinutes(1), FirstAttempts),
            stores.Session.Metrics.Backfill, clock);
        var progress = new BackfillProgress();
        var work = Task.Run(
            async () =>
            {
                await job.RunAsync(request, progress, cancellationToken);
                await stores.Session.CompleteAsync(cancellationToken);
            },
            CancellationToken.None);
        await view.FollowAsync(() => progress.Report, work, cancellationToken);
        await work;
        return Finish(progress.Report with { State = BackfillState.Done, ExitCode = CodeOf(progress.Report) }, view, json, id: null);
    }

    private static int CodeOf(BackfillReport report) => report.IsWhole ? ExitCode.Ok : ExitCode.CheckFailed;

    private static int Finish(BackfillReport report, BackfillView view, bool json, string? id)
    {
        if (json)
        {
            Output.Json(Summary.Of(report, id, view.Elapsed.TotalSeconds));
        }
        else
        {
            Write(report, view);
        }

        if (report.MissingDays.Count > 0)
        {
            CommandLine.WriteError(
                $"The archive does not have {string.Join(", ", report.MissingDays.Select(day => $"{day:O}"))}. A day's file comes some "
                + "hours after its end, in UTC; the others are loaded.");
        }

        foreach (var refusal in report.Refused) CommandLine.WriteError($"The gaps of a symbol stay open. {refusal}");
        if (report.Rejected > 0)
        {
            CommandLine.WriteError(
                "some lines were rejected; see: trade-ingest query \"SELECT error_reason, error_detail FROM REJECTED_TRADES\"");
        }

        if (report.Conflicts > 0)
        {
            CommandLine.WriteError(
                $"{Output.Count(report.Conflicts)} trades are stored with another content; both are kept. If the files are right: "
                + "trade-ingest replay FILE… --correct.");
        }

        return report.ExitCode;
    }

    private static void Write(BackfillReport report, BackfillView view)
    {
        var console = Output.People();
        var rate = Output.Count((long)(report.Trades / view.Elapsed.TotalSeconds));
        console.MarkupInterpolated($"fetched [green]{Output.Count(report.Trades)}[/] trades");
        console.WriteLine($" in {view.Elapsed.TotalSeconds:0.0} s ({rate} a second); {Output.Count(report.Known)} were there already");
        if (report.KnownDays.Count > 0) console.WriteLine($"{report.KnownDays.Count} days were there already and not downloaded");
        if (report.Absent > 0)
        {
            console.WriteLine($"{Output.Count(report.Absent)} ids are not to be had: the exchange has no such trades");
        }
    }

    private static Option<string?> Text(string name, string description, string helpName) =>
        new(name) { Description = description, HelpName = helpName };

    private static long? TimeOf(string option, string? text)
    {
        if (text is null) return null;
        return Timestamp.TryParse(text, out var time)
            ? time.Microseconds
            : throw new ConfigurationException($"{option} '{text}' is not {Timestamp.Forms}.");
    }

    private static (DateOnly First, DateOnly Last)? DaysOf(string? text)
    {
        if (text is null) return null;
        var ends = text.Split("..");
        return ends.Length <= 2 && TryParse(ends[0], out var first) && TryParse(ends[^1], out var last)
            ? (first, last)
            : throw new ConfigurationException($"--dates '{text}' is no range of days such as 2026-02-03..2026-02-05, and no day.");

        static bool TryParse(string day, out DateOnly date) =>
            DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date);
    }

    /// <summary>Whole paths: a service may work in another folder.</summary>
    private static List<string> FilesOf(string[] paths, string? ticker)
    {
        var files = new List<string>();
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(Path.GetFullPath(path));
                continue;
            }

            var found = Directory.EnumerateFiles(path)
                .Where(file => IsArchive(Path.GetFileName(file), ticker))
                .Order(StringComparer.Ordinal)
                .Select(Path.GetFullPath)
                .ToList();
            if (found.Count == 0)
            {
                throw new ConfigurationException(
                    $"'{path}' holds no archive{(ticker is null ? "" : $" of {ticker}")}: no file {ticker ?? "SYMBOL"}-trades-DATE.zip, "
                    + ".csv or .csv.gz.");
            }

            files.AddRange(found);
        }

        return files.FirstOrDefault(file => !File.Exists(file)) is { } missing
            ? throw new ReplayFileException($"{missing} does not exist. Check the path.")
            : files;
    }

    private static bool IsArchive(string name, string? ticker)
    {
        var isWanted = ticker is null
            ? name.Contains("-trades-", StringComparison.Ordinal)
            : name.StartsWith($"{ticker}-trades-", StringComparison.Ordinal);
        return isWanted && (ReplayPart.HasExtension(name, ".zip") || ReplayPart.HasExtension(name, ".csv")
            || ReplayPart.HasExtension(name, ".csv.gz"));
    }

    /// <param name="ServiceRequest">The request's id, where a service carried it out.</param>
    private sealed record Summary(
        BackfillState State, string? ServiceRequest, long Trades, long Known, long Absent, long Rejected, long Conflicts,
        IReadOnlyList<DateOnly> KnownDays, IReadOnlyList<DateOnly> MissingDays, IReadOnlyList<string> Refused, double Seconds,
        long TradesPerSecond)
    {
        public static Summary Of(BackfillReport report, string? id, double seconds) => new(
            report.State, id, report.Trades, report.Known, report.Absent, report.Rejected, report.Conflicts, report.KnownDays,
            report.MissingDays, report.Refused, Math.Round(seconds, 3), (long)(report.Trades / seconds));
    }
}
