using System.CommandLine;
using Crypto.TradeIngest.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static partial class DimensionCommand
{
    private static Command Rebuild()
    {
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "rebuild", "Drops the dimension and folds SYMBOL_CHANGES again; exit code 1 when a row came out different.")
        {
            data, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = ServiceConfiguration.ReadForFolder(("Data", parsed.GetValue(data)));
            var folder = new DataFolder(options.Data);
            using var folderLock = folder.Lock();
            using var progress = new ProgressLine("rows folded", inLogs: true);
            using var loggers = ServiceConfiguration.Loggers(LogLevel.Warning);
            await using var warehouse = Stores.OpenEmbedded(folder, options, TimeProvider.System, loggers, cancellation, progress);
            var outcome = await warehouse.RebuildDimensionAsync(cancellation);
            progress.Dispose();
            if (parsed.GetValue(json))
            {
                Output.Json(outcome);
            }
            else
            {
                Output.People().WriteLine(
                    $"{Output.Count(outcome.Rows)} rows folded, {Output.Count(outcome.Different)} different, "
                    + $"{Output.Count(outcome.FactsRekeyed)} facts bound anew");
            }

            return outcome.Different == 0 ? ExitCode.Ok : ExitCode.CheckFailed;
        });
        return command;
    }
}
