using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>Where the ingest knows no warehouse, it writes what it has captured beside the log and reads it from there.</summary>
internal sealed class LogCaptureState : ICaptureState
{
    private readonly LogTail _tail;
    private readonly ILogger<LogCaptureState> _logger;

    /// <param name="log">The log.</param>
    /// <param name="tracker">Of this ingest.</param>
    /// <param name="tailRecords">Records read back of each partition.</param>
    /// <param name="clock">Of the reading.</param>
    /// <param name="loggers">For what is found.</param>
    public LogCaptureState(ITradeLog log, ContinuityTracker tracker, int tailRecords, TimeProvider clock, ILoggerFactory loggers)
    {
        _tail = new LogTail(log, tailRecords, clock, loggers.CreateLogger<LogTail>());
        _logger = loggers.CreateLogger<LogCaptureState>();
        Ledger = new CaptureLedger(tracker);
    }

    public CaptureLedger Ledger { get; }

    CaptureLedger? ICaptureState.Ledger => Ledger;

    public async Task RestoreAsync(ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, CancellationToken cancellationToken)
    {
        var resumed = await _tail.SeedAsync(tracker, Ledger.Seed, symbols, cancellationToken);
        _logger.CaptureResumed(resumed, symbols.Count);
        Report(tracker);
    }

    public async Task RestoreAddedAsync(
        ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, Action<StreamEvent> publish, CancellationToken cancellationToken)
    {
        if (symbols.Count == 0) return;
        await _tail.SeedAsync(tracker, (symbol, from, ids) => publish(new CaptureRestored(symbol, from, ids)), symbols, cancellationToken);
    }

    private void Report(ContinuityTracker tracker)
    {
        foreach (var (symbol, missing) in tracker.OpenGaps())
        {
            _logger.OpenGapsRestored(symbol, missing.Count, missing.Sum(range => range.Count));
        }
    }
}
