using System.CommandLine;
using System.Globalization;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static partial class DimensionCommand
{
    private static Command Apply()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "Change events (.jsonl, as Debezium writes them) or a reference file (.csv).",
        };
        var limit = CommonOptions.OptionalNumber(
            "--rekey-limit", "Most facts that may be bound to another version. Default: 1000000", 0, WarehouseOptions.MaxRekeyLimit);
        var force = new Option<bool>("--force") { Description = "Apply regardless of the number of facts." };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "apply",
            "Applies changes of symbols from a file, all of them together or, when it is stopped or fails, none; the same file again "
                + "changes nothing.")
        {
            file, limit, force, data, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var rekeyLimit = parsed.GetValue(force) ? WarehouseOptions.MaxRekeyLimit : parsed.GetValue(limit);
            var options = ServiceConfiguration.ReadForFolder(
                ("Data", parsed.GetValue(data)), ("Warehouse:RekeyLimit", rekeyLimit?.ToString(CultureInfo.InvariantCulture)));
            return ApplyAsync(parsed.GetValue(file)!, options, parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> ApplyAsync(string path, ServiceOptions options, bool json, CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) throw new ConfigurationException($"{path} does not exist. Check the path.");
        var folder = new DataFolder(options.Data);
        using var folderLock = folder.Lock();
        using var progress = new ProgressLine("changes written", inLogs: true);
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Warning);
        await using var warehouse = Stores.OpenEmbedded(folder, options, TimeProvider.System, loggers, cancellationToken, progress);
        List<string> faults = [];
        ApplyOutcome outcome;
        if (Path.GetExtension(path).Equals(".csv", StringComparison.OrdinalIgnoreCase))
        {
            var (assertions, bad) = ReferenceFile.Parse(await File.ReadAllLinesAsync(path, cancellationToken));
            faults.AddRange(bad);
            var sync = new ReferenceSync(warehouse, TimeProvider.System);
            outcome = await sync.SyncAsync(ChangeSource.ReferenceFile, assertions, cancellationToken);
        }
        else
        {
            var events = new ChangeEventFile(path, warehouse, TimeProvider.System, loggers.CreateLogger<ChangeEventFile>());
            outcome = await events.ApplyNewAsync(cancellationToken);
            faults.AddRange(events.Faults);
            if (events.Unfinished is { } unfinished) faults.Add(unfinished);
        }

        progress.Dispose();
        if (json)
        {
            Output.Json(new { outcome, rejected = faults });
        }
        else
        {
            Output.People().WriteLine(
                $"{Output.Count(outcome.NewChanges)} new changes, {Output.Count(outcome.NewSymbols)} new symbols, "
                + $"{Output.Count(outcome.VersionsWritten)} versions written, {Output.Count(outcome.VersionsSuperseded)} superseded, "
                + $"{Output.Count(outcome.FactsRekeyed)} facts bound anew");
        }

        foreach (var fault in faults) CommandLine.WriteError($"{path} {fault}; it was not applied");
        return faults.Count == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
    }
}
