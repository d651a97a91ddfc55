using System.Threading.Channels;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The time by which what the exchange sends is stamped and judged: this machine's, as long as it agrees with the exchange's; the
/// exchange's, once the two differ by more than the tolerance, so that a wrong clock rejects no trade. Only the time of day differs: timers
/// and timestamps are those of the machine.
/// </summary>
/// <param name="machine">This machine's clock.</param>
/// <param name="options">How often the two are compared, and what difference is accepted.</param>
/// <param name="logger">Learns of a difference, and when it is gone.</param>
internal sealed class ExchangeClock(
    TimeProvider machine, ExchangeClockOptions options, ILogger<ExchangeClock> logger) : ShiftedTimeProvider(machine)
{
    // Between two comparisons that trades asked for.
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _machine = machine;
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Compares the clocks once.</summary>
    /// <exception cref="ExchangeException">The exchange could not be asked.</exception>
    public async Task CompareAsync(BinanceRestClient rest, CancellationToken cancellationToken)
    {
        var asked = _machine.GetUtcNow();
        var started = _machine.GetTimestamp();
        var theirs = (await rest.GetTimeAsync(cancellationToken)).ToDateTimeOffset();

        // The answer was given half way between question and reply, as far as anybody knows.
        Use(theirs - (asked + (_machine.GetElapsedTime(started) / 2)));
    }

    /// <summary>Compares the clocks at intervals, and soon when asked to, until canceled.</summary>
    public async Task RunAsync(BinanceRestClient rest, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(new(LeastInterval, TimeSpan.FromMinutes(1)), _machine);
        var wait = options.Interval;
        try
        {
            while (true)
            {
                var waited = _machine.GetTimestamp();
                await WaitAsync(wait, cancellationToken);
                if (_machine.GetElapsedTime(waited) < LeastInterval) await Task.Delay(LeastInterval, _machine, cancellationToken);
                try
                {
                    await CompareAsync(rest, cancellationToken);
                    wait = options.Interval;
                    backoff.Reset();
                }
                catch (ExchangeException failure)
                {
                    wait = backoff.Next(failure.RetryAfter);
                    logger.ClockNotCompared(wait, failure.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    /// <summary>Has the clocks compared soon: a trade looked as if one of them were wrong. Never waits.</summary>
    public void RequestComparison() => _due.Writer.TryWrite(true);

    // Either the interval is over, or a comparison was requested.
    private async Task WaitAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var due = _due.Reader.ReadAsync(either.Token).AsTask();
        var over = Task.Delay(interval, _machine, either.Token);
        await Task.WhenAny(due, over);
        await either.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        await Task.WhenAll(due, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Use(TimeSpan difference)
    {
        var offset = difference.Duration() > options.Tolerance ? difference : TimeSpan.Zero;
        var before = Offset;
        Offset = offset;
        if (offset != TimeSpan.Zero)
        {
            logger.ClockDiffers(difference.Duration(), difference > TimeSpan.Zero ? "behind" : "ahead of");
        }
        else if (before != TimeSpan.Zero)
        {
            logger.ClockAgrees();
        }
    }
}
