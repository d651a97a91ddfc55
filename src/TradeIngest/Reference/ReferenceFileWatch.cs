using Crypto.TradeIngest.Workers;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Applies the reference file whenever it changes. Polled: notifications do not cross container mounts. Symbols are those of the
/// file; one that is not captured yet is registered all the same.
/// </summary>
internal sealed class ReferenceFileWatch(
    string path, TimeSpan interval, ReferenceSync sync, TimeProvider clock, ILogger<ReferenceFileWatch> logger)
{
    private (DateTime Written, long Length) _seen;

    /// <summary>Faults of the file as read last, each with its line number.</summary>
    public IReadOnlyList<string> Faults { get; private set; } = [];

    public Task RunAsync(CancellationToken cancellationToken) =>
        Loop.EveryAsync(interval, TryApplyIfChangedAsync, clock, cancellationToken);

    /// <summary>
    /// Reads and applies the file if it changed since the last call. A file that cannot be read, or is
    /// refused, leaves everything as it was.
    /// </summary>
    public async Task<ApplyOutcome> ApplyIfChangedAsync(CancellationToken cancellationToken)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return default;
        var state = (file.LastWriteTimeUtc, file.Length);
        if (state == _seen) return default;
        string[] lines;
        try
        {
            lines = await File.ReadAllLinesAsync(path, cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.ReferenceFileUnreadable(path, failure.Message);
            return default;
        }

        var (assertions, faults) = ReferenceFile.Parse(lines);
        Faults = faults;
        foreach (var fault in faults) logger.ReferenceLineIgnored(path, fault);
        ApplyOutcome outcome;
        try
        {
            outcome = await sync.SyncAsync(ChangeSource.ReferenceFile, assertions, cancellationToken);
            _seen = state;
        }
        catch (WarehouseException refusal)
        {
            // A mistake in a file must not end the capture; the file is looked at again when it changes.
            _seen = state;
            logger.ReferenceFileRefused(path, refusal.Message);
            return default;
        }

        if (outcome.NewChanges > 0) logger.ReferenceFileApplied(path, outcome.NewChanges, outcome.VersionsWritten, outcome.FactsRekeyed);

        return outcome;
    }

    /// <summary>As <see cref="ApplyIfChangedAsync"/>, but goes on when the change cannot be applied for now.</summary>
    public async Task TryApplyIfChangedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ApplyIfChangedAsync(cancellationToken);
        }
        catch (StorageException failure) when (failure.IsTransient)
        {
            logger.ReferenceFilePostponed(path, interval, failure.Message);
        }
    }
}
