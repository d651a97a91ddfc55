using System.Net.Sockets;
using System.Net.WebSockets;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// One connection from connect to end: subscribes, and subscribes and unsubscribes when what is wanted changes, receives, and watches
/// whether everything comes and in time. Publishes trades from the first subscribed stream on; <see cref="Ready"/> tells when all are. A
/// new connection takes a new session.
/// </summary>
internal sealed partial class StreamSession : IAsyncDisposable
{
    private readonly StreamContext _context;
    private readonly IWebSocketConnection _connection;
    private readonly Uri _endpoint;
    private readonly Latest<IReadOnlySet<string>> _wanted;
    private readonly BinanceTradeStreamOptions _options;
    private readonly StreamMetrics _metrics;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly SubscriptionRequests _requests;
    private readonly StreamWatch _watch;
    private readonly CancellationTokenSource _abort = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _replacement = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlySet<string> _confirmed = new HashSet<string>(StringComparer.Ordinal);
    private bool _connected;

    private StreamSession(IWebSocketConnection connection, Latest<IReadOnlySet<string>> wanted, StreamContext context)
    {
        _context = context;
        _connection = connection;
        _wanted = wanted;
        (_options, _metrics, _clock, _logger) = (context.Options, context.Metrics, context.Clock, context.Logger);
        _endpoint = StreamEndpoint.From(_options.Endpoint);
        _requests = new SubscriptionRequests(connection, _options, _clock);
        _watch = new StreamWatch(_options, _clock);
        StartedAt = _clock.GetTimestamp();
    }

    /// <summary>When connecting began, from which the exchange counts a connection's 24 hours; a timestamp of the clock.</summary>
    public long StartedAt { get; }

    /// <summary>Completes when every subscription is confirmed; never, when the session ends before.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the exchange announced that this connection will be cut.</summary>
    public Task ShutdownAnnounced => _shutdown.Task;

    /// <summary>Completes with the reason when the connection is to be replaced by a new one while it still lives.</summary>
    public Task<string> ReplacementDue => _replacement.Task;

    /// <summary>The streams that the exchange itself lists as subscribed.</summary>
    public IReadOnlySet<string> Confirmed => _confirmed;

    /// <summary>
    /// Why the session ended, in words. Faults with a lasting <see cref="ExchangeException"/> when reconnecting is useless, and
    /// with the exception of a subscriber of the stream.
    /// </summary>
    public Task<string> Completion { get; private set; } = Task.FromResult("not started");

    /// <summary>How long the exchange asks to stay away, if it refused the connection and said so.</summary>
    public TimeSpan? RetryAfter { get; private set; }

    /// <summary>Connects and captures, until it ends by itself or is ended.</summary>
    public static StreamSession Start(IWebSocketConnection connection, Latest<IReadOnlySet<string>> wanted, StreamContext context)
    {
        var session = new StreamSession(connection, wanted, context);
        session.Completion = session.RunAsync();
        return session;
    }

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
            _logger.ConnectionEndedWhileClosing(e);
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
        // The session must be its owner's first: what follows may publish.
        await Task.Yield();
        var token = _abort.Token;
        Task<string>[] parts = [];
        try
        {
            await _connection.ConnectAsync(_endpoint, token).WaitAsync(_options.ConnectTimeout, _clock, token);
            parts = [ReceiveAsync(token), SubscribeAsync(token), WatchAsync(token)];
            return await await Task.WhenAny(parts);
        }
        catch (Exception e) when (IsNetwork(e))
        {
            RetryAfter = (e as ExchangeException)?.RetryAfter;
            if (e is ExchangeException { IsBan: true }) _context.Ban.Extend(RetryAfter ?? ExchangeBan.Shortest);
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

    /// <summary>Subscribes, and again whenever what is wanted changes, without an end of its own.</summary>
    private async Task<string> SubscribeAsync(CancellationToken token)
    {
        var subscriber = new Subscriber(_requests, _context);
        while (true)
        {
            var (streams, superseded) = _wanted.Read();
            try
            {
                _confirmed = await subscriber.SubscribeAsync(streams, token);
            }
            catch (ExchangeException failure) when (_ready.Task.IsCompleted && failure.IsTransient)
            {
                // What it has goes on until another connection has everything.
                RequestReplacement(failure.Message);
            }

            NoteReady();
            _context.Confirmed();
            await superseded.WaitAsync(token);
        }
    }

    private void NoteReady()
    {
        if (_connected) return;
        _connected = true;
        _metrics.Connects.Increment();
        _metrics.Connections.Increment();
        _ready.TrySetResult();
    }

    /// <summary>Looks until the end whether what is subscribed comes.</summary>
    private async Task<string> WatchAsync(CancellationToken token)
    {
        while (_watch.Interval > TimeSpan.Zero && !_replacement.Task.IsCompleted)
        {
            await Task.Delay(_watch.Interval, _clock, token);
            if (_watch.Look(_connection.IsPaused, symbol => _confirmed.Contains(StreamRequest.TradeStream(symbol))) is { } reason)
            {
                RequestReplacement(reason);
            }
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, _clock, token);
        return string.Empty;
    }

    private void RequestReplacement(string reason)
    {
        if (_replacement.TrySetResult(reason)) _logger.ReplacementDue(reason);
    }

    private string Describe(Exception e) => e switch
    {
        TimeoutException => $"no connection to {_endpoint.Host}:{_endpoint.Port} within {_options.ConnectTimeout}",
        OperationCanceledException => "aborted",
        ExchangeException => e.Message,
        _ => e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message,
    };
}
