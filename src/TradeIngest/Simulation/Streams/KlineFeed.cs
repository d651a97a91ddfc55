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
    ITradeTape tape, TradeFeed trades, TimeProvider clock, Func<ImmutableArray<StreamConnection>> connections)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly long SecondLength = KlineInterval.Find("1s")!.Microseconds;

    private readonly KlineHistory?[] _histories = new KlineHistory?[tape.Listings.Count];

    /// <summary>Runs until it is canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Second, clock);
        for (var second = 0L; await timer.WaitForNextTickAsync(cancellationToken); second++)
        {
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

    private void Write(KlineStream stream, bool microseconds, Action<string> send)
    {
        var history = _histories[stream.Ordinal] ??= new KlineHistory(tape, stream.Ordinal);
        var produced = trades.Produced(stream.Ordinal);
        if (history.Span(produced) is not { } span) return;
        var now = trades.Now > span.Last ? trades.Now : span.Last;
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
