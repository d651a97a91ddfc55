using System.Net.WebSockets;
using System.Reactive.Subjects;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Simulation.Streams;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging.Abstractions;
using FrameKind = Crypto.TradeIngest.Binance.Frames.FrameKind;

namespace Crypto.TradeIngest.Jobs;

/// <summary>
/// Runs the stages of the path one at a time on the same trades, so that processor time and allocations are known to be theirs: in
/// the whole path they run at once on threads of the pool, where a stage has no account of its own.
/// </summary>
internal static class StageBench
{
    private const int Trades = 64 * BatchSize;
    private const int BatchSize = 1024;
    private const int BatchesPerAppend = 16;
    private const int RecordsPerCommit = 8192;
    private const int MessageSize = 4096;

    /// <param name="folder">For the stores, embedded ones: their calls are done when they return.</param>
    public static async Task<IReadOnlyList<StageCost>> MeasureAsync(
        DataFolder folder, DemoPlan plan, ServiceOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        await using var stores = await Stores.OpenAsync(folder, options, clock, NullLoggerFactory.Instance, cancellationToken);
        var market = new SimulatedMarket(MarketDescription.New(plan.Seed).Continue(plan.Symbols, Timestamp.Now(clock), 1_000_000));
        var metrics = new TradeIngestMetrics();
        var tracker = new ContinuityTracker(metrics);

        // What is compiled and allocated at first belongs to no trade.
        for (var round = 0; round < 2; round++)
        {
            await RunAsync(new StageMeter(), Frames(market, plan.Symbols, round), stores, tracker, metrics, clock, cancellationToken);
        }

        var meter = new StageMeter();
        await RunAsync(meter, Frames(market, plan.Symbols, 2), stores, tracker, metrics, clock, cancellationToken);
        return meter.PerTrade(Trades);
    }

    private static async Task RunAsync(
        StageMeter meter, TradeFrames frames, Stores stores, ContinuityTracker tracker, TradeIngestMetrics metrics, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var symbols = new SymbolTable();
        using var bytes = new MemoryStream(frames.Slice(0, frames.Count).ToArray());
        var batches = meter.Measure("receive_parse", () => Receive(bytes, symbols, Timestamp.Now(clock)));
        using var source = new Subject<StreamEvent>();
        using var subscription = source.TrackContinuity(tracker).CheckQuality(tracker, metrics.Quality).Subscribe(static _ => { });
        meter.Measure("continuity_quality", () => Push(source, batches));
        var channel = new TradeChannel(
            new TradeChannelOptions(), tracker, static _ => { }, metrics, clock, NullLogger<TradeChannel>.Instance);
        meter.Measure("channel", () => HandOff(channel, batches));
        using var records = new RecordBatch();
        for (var start = 0; start < batches.Count; start += BatchesPerAppend)
        {
            var some = batches.GetRange(start, BatchesPerAppend);
            meter.Measure("log_encode", () => Encode(some, records));
            await meter.Measure("log_append", () => stores.Log.AppendAsync(Topics.StockTrades, records, cancellationToken).AsTask());
            records.Clear();
        }

        foreach (var batch in batches) batch.Dispose();
        var positions = await SinkPositions.ResumeAsync(stores.Log, Topics.StockTrades, stores.Warehouse, reset: false, cancellationToken);
        await using var reader = stores.Log.OpenReader(Topics.StockTrades, positions.Next);
        using var decoder = new BatchDecoder(positions.Epoch, Topics.StockTrades, symbols);
        while (meter.Measure("log_read", () => reader.TryRead(RecordsPerCommit)) is { } slice)
        {
            var batch = meter.Measure("sink_decode", () => decoder.Decode(slice));
            await meter.Measure("warehouse_load", () => stores.Warehouse.LoadAsync(batch, cancellationToken).AsTask());
        }
    }

    // The symbols in turn.
    private static TradeFrames Frames(SimulatedMarket market, IReadOnlyList<string> symbols, int round)
    {
        var frames = new TradeFrames(StreamVariant.Combined | StreamVariant.Microseconds, market.Description.Listings, Trades);
        var perRound = (Trades + symbols.Count - 1) / symbols.Count;
        for (var i = 0; i < Trades; i++)
        {
            frames.Add(i % symbols.Count, market.TradeAt(symbols[i % symbols.Count], ((long)round * perRound) + (i / symbols.Count)));
        }

        return frames;
    }

    private static List<TradeBatch> Receive(MemoryStream bytes, SymbolTable symbols, Timestamp received)
    {
        // The protocol that the transports share, on bytes in memory.
        using var socket = WebSocket.CreateFromStream(bytes, new WebSocketCreationOptions { KeepAliveInterval = TimeSpan.Zero });
        var buffer = new byte[MessageSize];
        var batches = new List<TradeBatch>(Trades / BatchSize);
        for (var i = 0; i < Trades; i++)
        {
            if (i % BatchSize == 0) batches.Add(TradeBatch.Rent(BatchSize));
            var receiving = socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None);
            var message = receiving.IsCompletedSuccessfully
                ? receiving.Result
                : throw new InvalidOperationException("Bytes in memory need no wait.");
            var kind = FrameParser.Parse(buffer.AsSpan(0, message.Count), symbols, received, IngestSource.Stream, out var trade, out _);
            if (kind == FrameKind.Trade) batches[^1].Add(trade);
        }

        return batches;
    }

    private static int Push(Subject<StreamEvent> source, List<TradeBatch> batches)
    {
        foreach (var batch in batches) source.OnNext(batch);
        return batches.Count;
    }

    private static int HandOff(TradeChannel channel, List<TradeBatch> batches)
    {
        var taken = 0;
        foreach (var batch in batches)
        {
            channel.OnNext(batch);
            if (channel.TryRead(out _)) taken++;
        }

        return taken;
    }

    private static int Encode(List<TradeBatch> batches, RecordBatch records)
    {
        foreach (var batch in batches)
        {
            foreach (ref readonly var trade in batch.Trades)
            {
                records.End(TradeJson.Write(trade, records.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
            }
        }

        return records.Count;
    }
}
