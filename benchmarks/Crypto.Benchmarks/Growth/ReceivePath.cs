using System.Diagnostics;
using Crypto.Benchmarks.Samples;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Growth;

/// <summary>Frame to trade, then continuity and quality: what the receive path does for each trade, of so many symbols.</summary>
internal sealed class ReceivePath
{
    private const int Trades = 65_536;
    private const int BatchSize = 1024;

    private readonly GrowingTape _tape;
    private readonly byte[][] _frames = new byte[Trades][];
    private readonly EventSource<StreamEvent> _source = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly IDisposable _subscription;

    public ReceivePath(int symbols, bool isEven)
    {
        _tape = new GrowingTape(symbols, isEven);
        _tracker = new ContinuityTracker(_metrics);
        _subscription = _source.TrackContinuity(_tracker).CheckQuality(_tracker, _metrics.Quality).Subscribe(new TradeCounter());
    }

    /// <returns>Nanoseconds per trade; making the frames does not count.</returns>
    public double ReceiveNext()
    {
        for (var i = 0; i < Trades; i++) _frames[i] = SampleFrames.Of(_tape.Next());
        var gaps = _metrics.Continuity.Gaps.Value;
        var received = Timestamp.FromMilliseconds(1_770_080_400_000);
        var started = Stopwatch.GetTimestamp();
        for (var start = 0; start < Trades; start += BatchSize)
        {
            using var batch = TradeBatch.Rent(BatchSize);
            for (var i = start; i < start + BatchSize; i++)
            {
                if (FrameParser.Parse(_frames[i], _tape.Table, received, IngestSource.Stream, out var trade, out _) == FrameKind.Trade)
                {
                    batch.Add(trade);
                }
            }

            _source.Push(batch);
        }

        var elapsed = Stopwatch.GetElapsedTime(started);
        return _metrics.Continuity.Gaps.Value == gaps
            ? elapsed.TotalNanoseconds / Trades
            : throw new InvalidOperationException("Gaps where none are.");
    }

    public void Close() => _subscription.Dispose();
}
