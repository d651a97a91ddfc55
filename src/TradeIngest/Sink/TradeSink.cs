using Crypto.TradeIngest.Log;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Carries one topic of the log into the warehouse: reads on from where the warehouse stands, so that stopping it anywhere and starting it again
/// loses nothing and doubles nothing.
/// </summary>
internal sealed class TradeSink : IAsyncDisposable
{
    // Enough that a commit's fixed cost is spread, little enough that a commit takes milliseconds.
    private const int RecordsPerCommit = 8192;

    private readonly IWarehouse _warehouse;
    private readonly TimeProvider _clock;
    private readonly SinkMetrics _metrics;
    private readonly ILogReader _reader;
    private readonly SliceDecoder _decoder;

    private TradeSink(ILogReader reader, SliceDecoder decoder, IWarehouse warehouse, SinkMetrics metrics, TimeProvider clock)
    {
        _reader = reader;
        _decoder = decoder;
        _warehouse = warehouse;
        _metrics = metrics;
        _clock = clock;
    }

    /// <summary>Opens a topic at the warehouse's positions, or at the first record kept where the warehouse has none.</summary>
    public static async Task<TradeSink> OpenAsync(
        ITradeLog log, string topic, IWarehouse warehouse, SymbolTable symbols, SinkMetrics metrics, TimeProvider clock, CancellationToken cancellationToken)
    {
        var positions = await SinkPositions.ResumeAsync(log, topic, warehouse, reset: false, cancellationToken);
        return new TradeSink(log.OpenReader(topic, positions.Next), new SliceDecoder(positions.Epoch, topic, symbols), warehouse, metrics, clock);
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
                var slice = await _reader.ReadAsync(RecordsPerCommit, cancellationToken);
                await LoadAsync(slice);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    /// <summary>Loads what is appended now, then returns. Not beside <see cref="RunAsync"/>.</summary>
    /// <exception cref="LogException">As <see cref="RunAsync"/>.</exception>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested && _reader.TryRead(RecordsPerCommit) is { } slice) await LoadAsync(slice);
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        _decoder.Dispose();
    }

    private async Task LoadAsync(LogSlice slice)
    {
        var started = _clock.GetTimestamp();
        var batch = _decoder.Decode(slice);
        _metrics.Decoding.Add(_clock, started);
        started = _clock.GetTimestamp();
        var outcome = await _warehouse.LoadAsync(batch, CancellationToken.None);
        _metrics.Loading.Add(_clock, started);
        _metrics.Count(outcome);
        var now = Timestamp.Now(_clock).Microseconds;
        foreach (ref readonly var trade in batch.Trades.Span)
        {
            if (trade.Source == IngestSource.Stream) _metrics.Latency.Record(now - trade.EventTime.Microseconds);
        }
    }
}
