using Crypto.TradeIngest.Workers;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// From the log to the warehouse. Its stop loads what is in a log of this process's own; what is in a shared one waits there.
/// </summary>
internal sealed class SinkWorker(
    TopicSinkParts parts, ILoggerFactory loggers, ServiceFailure failure, LogTrimmer? trimmer = null) : Worker(failure)
{
    private readonly TaskCompletionSource<LoadedRecords> _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WarehouseSink? _sink;

    public Log.ConsumerMetrics? Trades => Volatile.Read(ref _sink)?.Trades.Metrics;

    /// <summary>Completes when what an earlier run left in a log of this process's own is loaded, with what that was.</summary>
    public Task<LoadedRecords> CaughtUp => _caughtUp.Task;

    public override string Name => "sink";

    public override IReadOnlyList<Probe> Probes => Volatile.Read(ref _sink)?.Probes ?? [];

    protected override async Task WorkAsync(CancellationToken stoppingToken)
    {
        await using var sink = await WarehouseSink.OpenAsync(parts, trimmer, loggers, stoppingToken);
        Volatile.Write(ref _sink, sink);
        await sink.DrainAsync(stoppingToken);
        _caughtUp.TrySetResult(LoadedRecords.Of(parts.Metrics.Sink));
        NoteStarted();
        await sink.RunAsync(stoppingToken);
        await sink.DrainAsync(Abandoning);
    }
}
