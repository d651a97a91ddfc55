using System.Net.Sockets;
using System.Net.WebSockets;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// One connection from connect to end: subscribes, receives, watches for silence. Publishes trades from the first subscribed
/// stream on; <see cref="Ready"/> tells when all are. A new connection takes a new session.
/// </summary>
internal sealed partial class StreamSession : IAsyncDisposable
{
    private readonly IWebSocketConnection _connection;
    private readonly Uri _endpoint;
    private readonly IReadOnlyCollection<string> _streams;
    private readonly SymbolTable _symbols;
    private readonly BinanceTradeStreamOptions _options;
    private readonly IObserver<StreamEvent> _events;
    private readonly StreamMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SubscriptionRequests _requests;
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _connected;

    public StreamSession(
        IWebSocketConnection connection,
        IReadOnlyCollection<string> streams,
        SymbolTable symbols,
        BinanceTradeStreamOptions options,
        IObserver<StreamEvent> events,
        StreamMetrics metrics,
        TimeProvider clock,
        ILogger logger)
    {
        _connection = connection;
        _endpoint = StreamEndpoint.From(options.Endpoint);
        _streams = streams;
        _symbols = symbols;
        _options = options;
        _events = events;
        _metrics = metrics;
        _clock = clock;
        _logger = logger;
        _requests = new SubscriptionRequests(connection, options, clock);
        StartedAt = clock.GetTimestamp();
        Completion = RunAsync();
    }

    /// <summary>When connecting began, from which the exchange counts a connection's 24 hours; a timestamp of the clock.</summary>
    public long StartedAt { get; }

    /// <summary>Completes when every subscription is confirmed; never, when the session ends before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the exchange announced that this connection will be cut.</summary>
    public Task ShutdownAnnounced => _shutdown.Task;

    /// <summary>
    /// Why the session ended, in words. Faults with a lasting <see cref="ExchangeException"/> when reconnecting is useless, and
    /// with whatever a subscriber of the stream threw.
    /// </summary>
    public Task<string> Completion { get; }

    /// <summary>
    /// Closes politely, and by force after <see cref="BinanceTradeStreamOptions.CloseTimeout"/>. Never throws for the network.
    /// </summary>
    public async Task CloseAsync()
    {
        try
        {
            if (Ready.IsCompleted && !Completion.IsCompleted)
            {
                await _connection.CloseAsync(_abort.Token).WaitAsync(_options.CloseTimeout, _clock);
                await ((Task)Completion).WaitAsync(_options.CloseTimeout, _clock).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e) when (IsNetwork(e))
        {
            _logger.LogDebug(e, "The connection ended while it was being closed.");
        }

        await DisposeAsync();
    }

    /// <summary>Ends the session now and waits for its last batch.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _abort.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself.
        }

        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static bool IsNetwork(Exception e) => e is WebSocketException or SocketException or IOException or HttpRequestException
        or OperationCanceledException or TimeoutException or ObjectDisposedException or ExchangeException { IsTransient: true };

    private async Task<string> RunAsync()
    {
        // The constructor must return first: what follows may publish.
        await Task.Yield();
        var token = _abort.Token;
        Task<string>[] parts = [];
        try
        {
            await _connection.ConnectAsync(_endpoint, token).WaitAsync(_options.ConnectTimeout, _clock, token);
            _lastReceived = _clock.GetTimestamp();
            parts = [ReceiveAsync(token), SubscribeAsync(token), WatchSilenceAsync(token)];
            return await await Task.WhenAny(parts);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            return Describe(e);
        }
        finally
        {
            await _abort.CancelAsync();
            foreach (var part in parts) await ((Task)part).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_connected) _metrics.Connections.Decrement();
            _connection.Dispose();
            _requests.Dispose();
            _abort.Dispose();
        }
    }

    /// <summary>Subscribes, then stays without an end of its own.</summary>
    private async Task<string> SubscribeAsync(CancellationToken token)
    {
        var subscriber = new Subscriber(_requests, _options, _events, _metrics, _clock, _logger);
        await subscriber.SubscribeAsync(_streams, token);
        _connected = true;
        _metrics.Connects.Increment();
        _metrics.Connections.Increment();
        _ready.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token);
        return string.Empty;
    }

    private async Task<string> WatchSilenceAsync(CancellationToken token)
    {
        var limit = _options.SilenceTimeout;
        while (limit != Timeout.InfiniteTimeSpan)
        {
            var left = limit - _clock.GetElapsedTime(Volatile.Read(ref _lastReceived));
            if (left <= TimeSpan.Zero) return $"no message for {limit}";
            await Task.Delay(left, _clock, token);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token);
        return string.Empty;
    }

    private string Describe(Exception e) => e switch
    {
        TimeoutException => $"no connection to {_endpoint.Host}:{_endpoint.Port} within {_options.ConnectTimeout}",
        OperationCanceledException => "aborted",
        ExchangeException => e.Message,
        _ => e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message,
    };
}
