using Crypto.TradeIngest.Log;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Carries one topic of the log into the warehouse: reads on from where the warehouse stands, so that stopping it anywhere and starting it again
/// loses nothing and doubles nothing.
/// </summary>
internal sealed class TradeSink : IAsyncDisposable
{
    private const string NotCommitted = "what was loaded was not committed";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ITradeLog _log;
    private readonly string _topic;
    private readonly IWarehouse _warehouse;
    private readonly TimeProvider _clock;
    private readonly SinkMetrics _metrics;
    private readonly ILogger _logger;
    private readonly SliceDecoder _decoder;
    private ILogReader _reader;
    private Task<bool> _committed = Task.FromResult(true);

    private TradeSink(
        ITradeLog log, string topic, SinkPositions positions, SymbolTable symbols, IWarehouse warehouse, SinkMetrics metrics, TimeProvider clock, ILogger logger)
    {
        _log = log;
        _topic = topic;
        _reader = log.OpenReader(topic, positions.Next);
        _decoder = new SliceDecoder(positions.Epoch, topic, symbols);
        _warehouse = warehouse;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
    }

    /// <summary>Opens a topic at the warehouse's positions, or at the first record kept where the warehouse has none.</summary>
    public static async Task<TradeSink> OpenAsync(
        ITradeLog log, string topic, IWarehouse warehouse, SymbolTable symbols, SinkMetrics metrics, TimeProvider clock, CancellationToken cancellationToken,
        ILogger? logger = null)
    {
        var positions = await SinkPositions.ResumeAsync(log, topic, warehouse, reset: false, cancellationToken);
        return new TradeSink(log, topic, positions, symbols, warehouse, metrics, clock, logger ?? NullLogger.Instance);
    }

    /// <summary>Loads what is appended, as it is appended, until canceled.</summary>
    /// <exception cref="LogException">The warehouse stands where the log no longer, or not yet, has records.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                // A batch that was read is loaded even when the stop comes in between: it is cheaper than reading it again.
                if (await ReadAsync(cancellationToken) is { } slice) await LoadOrRewindAsync(slice, cancellationToken);
                else await RewindAsync(NotCommitted, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    /// <summary>Loads what is appended now, then returns, with all of it committed. Not beside <see cref="RunAsync"/>.</summary>
    /// <exception cref="LogException">As <see cref="RunAsync"/>.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_reader.TryRead(_warehouse.RecordsPerLoad) is { } slice)
            {
                await LoadOrRewindAsync(slice, cancellationToken);
                continue;
            }

            var last = _committed;
            await ((Task)last).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!last.IsCompleted || await last) return;
            await RewindAsync(NotCommitted, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        _decoder.Dispose();
    }

    /// <summary>Waits for records; no longer, and gives null, when what was loaded last turns out not to be committed.</summary>
    private async Task<LogSlice?> ReadAsync(CancellationToken cancellationToken)
    {
        var last = _committed;
        if (last.IsCompleted) return await last ? await _reader.ReadAsync(_warehouse.RecordsPerLoad, cancellationToken) : null;
        using var interrupting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = _reader.ReadAsync(_warehouse.RecordsPerLoad, interrupting.Token).AsTask();
        if (await Task.WhenAny(reading, last) == last && !await last) await interrupting.CancelAsync();
        try
        {
            return await reading;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Loads; if the warehouse cannot now, waits until it can, and reads on from where it then stands.</summary>
    private async Task LoadOrRewindAsync(LogSlice slice, CancellationToken cancellationToken)
    {
        try
        {
            await LoadAsync(slice);
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            await RewindAsync(failure.Message, cancellationToken);
        }
    }

    private async Task RewindAsync(string reason, CancellationToken cancellationToken)
    {
        for (var (pause, isRewound) = (FirstPause, false); !isRewound; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            _logger.LogWarning("{Topic} is read again from where the warehouse stands, in {Pause}: {Message}", _topic, pause, reason);
            await Task.Delay(pause, _clock, cancellationToken);
            isRewound = await TryRewindAsync(cancellationToken);
        }

        _committed = Task.FromResult(true);
    }

    private async Task<bool> TryRewindAsync(CancellationToken cancellationToken)
    {
        try
        {
            var positions = await SinkPositions.ResumeAsync(_log, _topic, _warehouse, reset: false, cancellationToken);
            await _reader.DisposeAsync();
            _reader = _log.OpenReader(_topic, positions.Next);
            return true;
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            _logger.LogWarning("The warehouse does not say where {Topic} stands: {Message}", _topic, failure.Message);
            return false;
        }
    }

    private async Task LoadAsync(LogSlice slice)
    {
        var started = _clock.GetTimestamp();
        var batch = _decoder.Decode(slice);
        _metrics.Decoding.Add(_clock, started);
        started = _clock.GetTimestamp();
        var outcome = await _warehouse.LoadAsync(batch, CancellationToken.None);
        _metrics.Loading.Add(_clock, started);
        _committed = _metrics.CountAsync(_warehouse, batch, outcome, _clock);
    }
}
