using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>The part that hands a request to the running service.</summary>
internal static partial class BackfillCommand
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    // A service that starts first loads what its log holds.
    private static readonly TimeSpan PickUpTime = TimeSpan.FromMinutes(1);

    private static async Task<int> RunInServiceAsync(
        BackfillRequest request, DataFolder data, StorageException busy, BackfillView view, bool json, CancellationToken cancellationToken)
    {
        var folder = new BackfillFolder(data.Backfill);
        var id = folder.Submit(request, TimeProvider.System);
        if (!json) await Console.Error.WriteLineAsync($"'{data.Shown}' is run by a service, which gets the request {id}");
        try
        {
            var last = BackfillReport.Waiting;
            var following = FollowAsync(folder, id, busy, report => Volatile.Write(ref last, report), cancellationToken);
            await view.FollowAsync(() => Volatile.Read(ref last), following, cancellationToken);
            var report = await following;
            folder.RemoveProgress(id);
            if (report.Error is { } error)
            {
                ErrorReport.Current.Write(error, report.ExitCode);
                return report.ExitCode;
            }

            if (report.State == BackfillState.Canceled)
            {
                CommandLine.WriteError("The request was taken back; what was fetched is kept.");
                return ExitCode.Interrupted;
            }

            return Finish(report, view, json, id);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!json && folder.Has(id))
            {
                await Console.Error.WriteLineAsync(
                    $"The request {id} stays with the service, which goes on. To take it back: trade-ingest backfill --cancel "
                    + $"--data '{data.Shown}'");
            }

            throw;
        }
    }

    private static async Task<BackfillReport> FollowAsync(
        BackfillFolder folder, string id, StorageException busy, Action<BackfillReport> show, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        var isTaken = false;
        while (true)
        {
            // Looked for before the report is read: a request goes after its last report is there.
            var isPending = folder.Has(id);
            if (folder.Read(id) is { } report)
            {
                isTaken = true;
                show(report);
                if (report.HasEnded) return report;
            }

            if (!isPending) return BackfillReport.Waiting with { State = BackfillState.Canceled };

            // Whatever writes the folder may be a replay, or a service of an older version.
            if (!isTaken && TimeProvider.System.GetElapsedTime(started) > PickUpTime && folder.Remove(id)) throw busy;
            await Task.Delay(PollInterval, TimeProvider.System, cancellationToken);
        }
    }

    private static int Cancel(DataFolder data, bool json)
    {
        var folder = new BackfillFolder(data.Backfill);
        var canceled = folder.Pending().Where(folder.Remove).ToList();
        if (json) Output.Json(new { canceled });
        else Output.People().WriteLine(canceled.Count == 0 ? "no request was there" : $"taken back: {string.Join(", ", canceled)}");
        return ExitCode.Ok;
    }
}
