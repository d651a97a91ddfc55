using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Keeps one set of streams captured over as many connections, one after the other, as it takes: backs off and reconnects after
/// a loss, and replaces a connection that is old or announced to close by a new one before the old one ends. The overlap
/// delivers trades twice; continuity tracking drops the second.
/// </summary>
/// <param name="open">Starts a session on these streams; it publishes by itself.</param>
/// <param name="attempts">Shared by all shards: the exchange counts attempts per address.</param>
internal sealed class StreamShard(
    Func<StreamSession> open,
    BinanceTradeStreamOptions options,
    SlidingWindowLimit attempts,
    IObserver<StreamEvent> events,
    StreamMetrics metrics,
    Random random,
    TimeProvider clock,
    ILogger logger)
{
    private readonly ReconnectBackoff _backoff = new(options.MinimumBackoff, options.MaximumBackoff, random);
    private int _attempt;

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
                await BackOffAsync(await session.Completion, cancellationToken);
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
        await attempts.WaitAsync(cancellationToken);
        _attempt++;
        var session = open();
        try
        {
            await Task.WhenAny(session.Ready, session.Completion).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await session.DisposeAsync();
            throw;
        }

        if (session.Ready.IsCompleted) events.OnNext(new Connected(Timestamp.Now(clock), options.Endpoint, _attempt));
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
                    var left = lifetime - clock.GetElapsedTime(session.StartedAt);
                    var old = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock, waiting.Token);
                    await Task.WhenAny(session.Completion, session.ShutdownAnnounced, old);
                    await waiting.CancelAsync();
                }

                cancellationToken.ThrowIfCancellationRequested();
                if (session.Completion.IsCompleted && !session.ShutdownAnnounced.IsCompleted) break;

                var next = await OpenAsync(cancellationToken);
                if (next.Ready.IsCompleted)
                {
                    if (session.Completion.IsCompleted) ReportLoss(await session.Completion, TimeSpan.Zero);
                    await session.CloseAsync();
                    metrics.Rotations.Increment();
                    session = next;
                    lifetime = Lifetime();
                    continue;
                }

                // The old connection is worth keeping while the new one fails.
                var delay = _backoff.Next();
                logger.LogWarning("No replacement for an ageing connection ({Reason}); next try in {Delay}.", await next.Completion, delay);
                if (session.Completion.IsCompleted) break;
                await Task.WhenAny(session.Completion, Task.Delay(delay, clock, cancellationToken));
            }
        }
        catch
        {
            // Stopped, or refused for good.
            await session.CloseAsync();
            throw;
        }

        if (clock.GetElapsedTime(session.StartedAt) >= options.HealthyAfter) _backoff.Reset();
        return session;
    }

    private async Task BackOffAsync(string reason, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var delay = _backoff.Next();
        ReportLoss(reason, delay);
        await Task.Delay(delay, clock, cancellationToken);
    }

    private void ReportLoss(string reason, TimeSpan retryIn)
    {
        metrics.Disconnects.Increment();
        logger.LogWarning("Disconnected: {Reason}. Reconnecting in {Delay}.", reason, retryIn);
        events.OnNext(new Disconnected(Timestamp.Now(clock), reason, retryIn));
    }

    private TimeSpan Lifetime() => options.ConnectionLifetime * (1 - (random.NextDouble() / 10));
}
