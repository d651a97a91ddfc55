using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Keeps one set of streams, which may change, captured over as many connections, one after the other, as it takes: backs off and
/// reconnects after a loss, and replaces a connection that is old or announced to close by a new one before the old one ends. The overlap
/// delivers trades twice; continuity tracking drops the second.
/// </summary>
/// <param name="connect">Makes an unconnected socket.</param>
/// <param name="streams">At first.</param>
/// <param name="attempts">Shared by all shards: the exchange counts attempts per address.</param>
internal sealed class StreamShard(
    Func<IWebSocketConnection> connect, IReadOnlySet<string> streams, SlidingWindowLimit attempts, Random random, StreamContext context)
{
    private readonly BinanceTradeStreamOptions _options = context.Options;
    private readonly TimeProvider _clock = context.Clock;
    private readonly ILogger _logger = context.Logger;
    private readonly Backoff _backoff = new(new(context.Options.MinimumBackoff, context.Options.MaximumBackoff), context.Clock, random);
    private readonly Latest<IReadOnlySet<string>> _wanted = new(streams);
    private volatile StreamSession? _session;
    private int _attempt;

    /// <summary>What it is to capture. A connection that lives is brought to it as well as later ones.</summary>
    public IReadOnlySet<string> Streams
    {
        get => _wanted.Value;
        set => _wanted.Set(value);
    }

    /// <summary>Whether a living connection is subscribed to the stream, as the exchange itself says.</summary>
    public bool Confirms(string stream) => _session is { Completion.IsCompleted: false } session && session.Confirmed.Contains(stream);

    /// <summary>Runs until <paramref name="cancellationToken"/> stops it; the last connection is then closed politely.</summary>
    /// <exception cref="ExchangeException">The exchange refuses for good.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var session = await OpenAsync(cancellationToken);
                if (session.Ready.IsCompleted) session = await FollowAsync(session, cancellationToken);
                await BackOffAsync(session, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped as asked.
        }
    }

    /// <returns>A session that is ready or, when that failed, at its end.</returns>
    private async Task<StreamSession> OpenAsync(CancellationToken cancellationToken)
    {
        await context.Ban.WaitAsync(cancellationToken);
        await attempts.WaitAsync(cancellationToken);
        _attempt++;
        var session = StreamSession.Start(connect(), _wanted, context);
        try
        {
            await Task.WhenAny(session.Ready, session.Completion).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await session.DisposeAsync();
            throw;
        }

        if (session.Ready.IsCompleted)
        {
            _session = session;
            context.Events.OnNext(new Connected(Timestamp.Now(_clock), _options.Endpoint, _attempt));
            context.Confirmed();
        }

        return session;
    }

    /// <summary>Lives with a ready session and its planned successors.</summary>
    /// <returns>The session that was lost.</returns>
    private async Task<StreamSession> FollowAsync(StreamSession session, CancellationToken cancellationToken)
    {
        var lifetime = Lifetime();
        try
        {
            while (true)
            {
                using (var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
                {
                    var left = lifetime - _clock.GetElapsedTime(session.StartedAt);
                    var old = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, _clock, waiting.Token);
                    await Task.WhenAny(session.Completion, session.ShutdownAnnounced, session.ReplacementDue, old);
                    await waiting.CancelAsync();
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (session.Completion.IsCompleted && !session.ShutdownAnnounced.IsCompleted) break;

                var next = await OpenAsync(cancellationToken);
                if (next.Ready.IsCompleted)
                {
                    if (session.Completion.IsCompleted) ReportLoss(await session.Completion, TimeSpan.Zero);
                    await session.CloseAsync();
                    context.Metrics.Rotations.Increment();
                    session = next;
                    lifetime = Lifetime();
                    continue;
                }

                // The old connection is worth keeping while the new one fails.
                var delay = _backoff.Next(next.RetryAfter);
                _logger.ReplacementFailed(await next.Completion, delay);
                if (session.Completion.IsCompleted) break;
                await Task.WhenAny(session.Completion, Task.Delay(delay, _clock, cancellationToken));
            }
        }
        catch
        {
            // Stopped, or refused for good.
            await session.CloseAsync();
            throw;
        }

        if (_clock.GetElapsedTime(session.StartedAt) >= _options.HealthyAfter) _backoff.Reset();
        return session;
    }

    private async Task BackOffAsync(StreamSession lost, CancellationToken cancellationToken)
    {
        var reason = await lost.Completion;
        cancellationToken.ThrowIfCancellationRequested();
        var delay = _backoff.Next(lost.RetryAfter);
        ReportLoss(reason, delay);
        await Task.Delay(delay, _clock, cancellationToken);
    }

    private void ReportLoss(string reason, TimeSpan retryIn)
    {
        context.Metrics.Disconnects.Increment();
        context.Events.OnNext(new Disconnected(Timestamp.Now(_clock), reason, retryIn));
    }

    private TimeSpan Lifetime() => _options.ConnectionLifetime * (1 - (random.NextDouble() / 10));
}
