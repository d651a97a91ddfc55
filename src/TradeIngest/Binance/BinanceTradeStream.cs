using System.Reactive;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The trades of the given symbols as they happen, with the stream's own events in the same order. Cold: each subscription has
/// its own connections, as many as <see cref="BinanceTradeStreamOptions.StreamsPerConnection"/> demands. Losses are healed inside
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
    private readonly Latest<IReadOnlyList<Symbol>> _wanted = new(symbols);
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

    /// <summary>Subscribes and unsubscribes until these are captured; on the connections there are, where they have room.</summary>
    public void Capture(IReadOnlyList<Symbol> wanted) => _wanted.Set(wanted);

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

    private async Task RunAsync(IObserver<StreamEvent> observer, CancellationTokenSource detach)
    {
        var events = Observer.Synchronize(
            Observer.Create<StreamEvent>(value => Publish(observer, value), observer.OnError, observer.OnCompleted));
        try
        {
            var context = new StreamContext(new ExpectedSymbols(), options, events, metrics, Ban, clock, logger);
            await new StreamShards(Open, _wanted, context).RunAsync(detach.Token);
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

    private StreamShard Open(IReadOnlySet<string> streams, StreamContext context) =>
        new(connect, streams, _attempts, new Random(Draw()), context);

    private int Draw()
    {
        lock (_gate) return random.Next();
    }
}
