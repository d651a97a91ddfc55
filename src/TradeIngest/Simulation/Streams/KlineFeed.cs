using System.Collections.Immutable;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Simulation.Rest;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// Sends klines to those who subscribed: every second those of a second, every other second the rest. A kline that is over is sent once
/// more as closed, before the first one behind it.
/// </summary>
internal sealed class KlineFeed(
    ITradeTape tape, TradeFeed trades, TimeProvider clock, Func<ImmutableArray<StreamConnection>> connections) : IDisposable
{
    // The event of a trade is so much later than the trade, at most: what is not yet offered may still belong to a kline.
    private static readonly TimeSpan EventDelay = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly long SecondLength = KlineInterval.Find("1s")!.Microseconds;

    private readonly KlineHistory?[] _histories = new KlineHistory?[tape.Listings.Count];
    private readonly SemaphoreSlim _audience = new(0);

    /// <summary>To be called when a client may have subscribed.</summary>
    public void Wake()
    {
        // One release too many only makes the feed look again.
        if (_audience.CurrentCount == 0) _audience.Release();
    }

    /// <summary>Runs until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var second = 0L; ; second++)
        {
            while (!connections().Any(connection => connection.WantsKlines)) await _audience.WaitAsync(cancellationToken);
            await Task.Delay(Second, clock, cancellationToken);
            var isOdd = second % 2 == 1;
            foreach (var connection in connections())
            {
                connection.OfferKlines((stream, microseconds, send) =>
                {
                    if (isOdd || stream.Interval.Microseconds == SecondLength) Write(stream, microseconds, send);
                });
            }
        }
    }

    public void Dispose() => _audience.Dispose();

    private void Write(KlineStream stream, bool microseconds, Action<string> send)
    {
        var history = _histories[stream.Ordinal] ??= new KlineHistory(tape, stream.Ordinal);
        var produced = trades.Produced(stream.Ordinal);
        if (history.Span(produced) is not { } span) return;
        var settled = trades.Now + -EventDelay;
        var now = settled > span.Last ? settled : span.Last;
        var current = stream.Interval.OpenOf(now, stream.Zone);
        for (var open = stream.Open ?? current; open <= current; open = stream.Interval.NextOf(open, stream.Zone))
        {
            var kline = history.Read(stream.Interval, open, stream.Zone, produced);
            send(KlinesJson.Event(
                tape.Listings[stream.Ordinal].Ticker, stream.Interval.Name, kline, open < current, Timestamp.Now(clock), microseconds));
        }

        stream.Open = current;
    }
}
