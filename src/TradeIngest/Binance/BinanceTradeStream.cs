using System.Reactive;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The trades of the given symbols as they happen, with the stream's own events in the same order. Cold: each subscription has
/// its own connections, one per <see cref="BinanceTradeStreamOptions.StreamsPerConnection"/> symbols. Losses are healed inside
/// and are events, not errors. It completes after <see cref="StopAsync"/>, and fails only when the exchange refuses every shard
/// for good or a subscriber throws. Events arrive one at a time, on the thread that received them.
/// </summary>
/// <param name="connect">Makes an unconnected socket; called once per attempt.</param>
/// <param name="random">Jitter of delays.</param>
internal sealed class BinanceTradeStream(
    IReadOnlyList<Symbol> symbols,
    BinanceTradeStreamOptions options,
    Func<IWebSocketConnection> connect,
    Random random,
    TimeProvider clock,
    StreamMetrics metrics,
    ILogger<BinanceTradeStream> logger) : ITradeStream
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SlidingWindowLimit _attempts = new(options.AttemptsPerFiveMinutes, TimeSpan.FromMinutes(5), clock);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Exception> _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _running = Task.CompletedTask;

    /// <summary>Given where requests share it.</summary>
    public ExchangeBan Ban { get; init; } = new(clock, path: null, logger);

    /// <summary>
    /// Completes with the exception when a subscription fails; never otherwise. Observers get it as an error, too, but where one throws,
    /// operators of Rx take it off the stream, and it hears no more.
    /// </summary>
    public Task<Exception> Failure => _failure.Task;

    /// <summary>Starts capturing. Disposing the result cuts; <see cref="StopAsync"/> loses nothing received.</summary>
    public IDisposable Subscribe(IObserver<StreamEvent> observer)
    {
        var detach = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        lock (_gate) _running = Task.WhenAll(_running, RunAsync(observer, detach));
        return System.Reactive.Disposables.Disposable.Create(detach, static source => source.Cancel());
    }

    /// <summary>Closes the connections, hands over what they had received, completes the observers.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        Task running;
        lock (_gate) running = _running;
        await running;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
        _attempts.Dispose();
    }

    /// <summary>Cuts the symbols into equal parts of at most <paramref name="most"/>.</summary>
    internal static IEnumerable<IReadOnlyList<Symbol>> Split(IReadOnlyList<Symbol> symbols, int most)
    {
        var shards = (symbols.Count + most - 1) / most;
        for (var i = 0; i < shards; i++)
        {
            var from = (int)((long)symbols.Count * i / shards);
            var to = (int)((long)symbols.Count * (i + 1) / shards);
            yield return [.. symbols.Skip(from).Take(to - from)];
        }
    }

    private async Task RunAsync(IObserver<StreamEvent> observer, CancellationTokenSource detach)
    {
        var events = Observer.Synchronize(
            Observer.Create<StreamEvent>(value => Publish(observer, value), observer.OnError, observer.OnCompleted));
        try
        {
            await Task.WhenAll(Split(symbols, options.StreamsPerConnection).Select(part => RunShardAsync(part, events, detach)).ToList());
            if (!_stopping.IsCancellationRequested && metrics.FailedShards.Value > 0)
            {
                throw new ExchangeException("The exchange refused every connection for good; the log has the reasons.", isTransient: false);
            }

            events.OnCompleted();
        }
        catch (Exception e)
        {
            await detach.CancelAsync();
            events.OnError(e);
            _failure.TrySetResult(e);
        }
    }

    private void Publish(IObserver<StreamEvent> observer, StreamEvent value)
    {
        try
        {
            observer.OnNext(value);
        }
        catch (Exception e)
        {
            // By now the operators have canceled the subscription, which looks like an unsubscription.
            _failure.TrySetResult(e);
            throw;
        }
    }

    private async Task RunShardAsync(IReadOnlyList<Symbol> part, IObserver<StreamEvent> events, CancellationTokenSource detach)
    {
        var streams = part.Select(StreamRequest.TradeStream).Distinct(StringComparer.Ordinal).ToList();
        var context = new StreamContext(SymbolTable.Closed(part), options, events, metrics, Ban, clock, logger);
        var shard = new StreamShard(() => StreamSession.Start(connect(), streams, context), _attempts, new Random(Draw()), context);
        try
        {
            await shard.RunAsync(detach.Token);
        }
        catch (ExchangeException e) when (!e.IsTransient)
        {
            metrics.FailedShards.Increment();
            events.OnNext(new Disconnected(Timestamp.Now(clock), e.Message, Timeout.InfiniteTimeSpan));
        }
        catch
        {
            // A subscriber failed: the stream ends, so the other shards must too.
            await detach.CancelAsync();
            throw;
        }
    }

    private int Draw()
    {
        lock (_gate) return random.Next();
    }
}
