using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Notices what pings do not show on a connection that is alive: a symbol that, by its own rate, should have traded long since, and trades
/// that come later and later behind the exchange. Both are judged against what this connection did before, so rare symbols may be silent
/// for hours, and a connection that was always far away is not late. One thread counts, another one looks.
/// </summary>
internal sealed class StreamWatch(BinanceTradeStreamOptions options, TimeProvider clock)
{
    private const int LooksPerBound = 6;

    /// <summary>Natural logarithm of how unlikely a silence must be: one in 10^13, as trades come in clusters.</summary>
    private const double Unlikely = 30;

    /// <summary>Symbols that trade in a smaller share of the looks are too rare to be judged.</summary>
    private const double Busy = 0.1;

    private readonly Dictionary<Symbol, Activity> _activities = new(ReferenceEqualityComparer.Instance);
    private Counter?[] _counters = new Counter?[64];
    private long _least = long.MaxValue;
    private long _lookedAt = clock.GetTimestamp();
    private long _usual = long.MaxValue;
    private TimeSpan _late;

    /// <summary>How often to look.</summary>
    public TimeSpan Interval { get; } = Shorter(options.QuietAfter, options.LateAfter) / LooksPerBound;

    /// <summary>Trades that were received. Cheap: a few additions for each.</summary>
    public void Count(ReadOnlySpan<Trade> trades)
    {
        var least = long.MaxValue;
        foreach (ref readonly var trade in trades)
        {
            var ordinal = trade.Symbol.Ordinal;
            if (ordinal >= _counters.Length) Volatile.Write(ref _counters, Grown(ordinal));
            (_counters[ordinal] ??= new Counter(trade.Symbol)).Trades++;
            least = Math.Min(least, trade.ReceivedTime.Microseconds - trade.EventTime.Microseconds);
        }

        // Of a burst the last may be late; where even the first is, the connection is.
        if (least < Volatile.Read(ref _least)) Volatile.Write(ref _least, least);
    }

    /// <summary>Looks at what came since the last look.</summary>
    /// <param name="isPaused">Whether this process itself does not read: then nothing is judged.</param>
    /// <param name="isWanted">Whether the symbol is subscribed.</param>
    /// <returns>Why the connection is to be replaced, or null.</returns>
    public string? Look(bool isPaused, Func<Symbol, bool> isWanted)
    {
        var now = clock.GetTimestamp();
        var passed = clock.GetElapsedTime(_lookedAt, now);
        _lookedAt = now;
        return Quiet(isPaused, isWanted) ?? Late(passed, isPaused);
    }

    private string? Quiet(bool isPaused, Func<Symbol, bool> isWanted)
    {
        if (options.QuietAfter == Timeout.InfiniteTimeSpan) return null;
        foreach (var counter in Volatile.Read(ref _counters))
        {
            if (counter is null) continue;
            if (!_activities.TryGetValue(counter.Symbol, out var activity)) _activities.Add(counter.Symbol, activity = new Activity());
            if (!activity.Look(Volatile.Read(ref counter.Trades), isPaused) || Interval * activity.Silent < options.QuietAfter) continue;
            if (isWanted(counter.Symbol)) return FormattableString.Invariant(
                $"no trade of {counter.Symbol} for {(Interval * activity.Silent).TotalSeconds:0} s, which its own rate does not explain");

            // Unsubscribed, it begins anew when it is subscribed again.
            _activities.Remove(counter.Symbol);
        }

        return null;
    }

    private string? Late(TimeSpan passed, bool isPaused)
    {
        var least = Interlocked.Exchange(ref _least, long.MaxValue);
        if (least == long.MaxValue) return null;
        _usual = Math.Min(_usual, least);
        var rise = TimeSpan.FromMicroseconds(least - _usual);
        _late = rise >= options.LateBy && !isPaused ? _late + passed : TimeSpan.Zero;
        return _late >= options.LateAfter && options.LateAfter != Timeout.InfiniteTimeSpan
            ? FormattableString.Invariant(
                $"trades come {rise.TotalSeconds:0.0} s later than they did, for {_late.TotalSeconds:0} s")
            : null;
    }

    private Counter?[] Grown(int ordinal)
    {
        var grown = new Counter?[Math.Max(_counters.Length * 2, ordinal + 1)];
        _counters.CopyTo(grown, 0);
        return grown;
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan ? other : other == Timeout.InfiniteTimeSpan || one < other ? one : other;

    private sealed class Counter(Symbol symbol)
    {
        public long Trades;

        public Symbol Symbol { get; } = symbol;
    }

    /// <summary>In how many of the looks a symbol had traded since the one before. A burst of any size is one of them.</summary>
    private sealed class Activity
    {
        // Looks of an hour, by default, so that a busy minute does not make a busy symbol; and the silence that each begins with.
        private const double Window = 720;
        private const double Prior = 12;

        private long _seen;
        private double _looks = Prior;
        private double _share;
        private int _pending;

        /// <summary>Looks since its last trade.</summary>
        public int Silent { get; private set; }

        /// <returns>Whether it is silent although it is busy, and for longer than chance explains.</returns>
        public bool Look(long trades, bool isPaused)
        {
            if (isPaused)
            {
                Silent = 0;
                return false;
            }

            Silent = trades > _seen ? 0 : Silent + 1;
            if (trades > _seen)
            {
                // Only now, so that silence does not make itself usual. What is older than the window fades.
                var looks = _pending + 1;
                var kept = Math.Max(0, Math.Min(_looks, Window - looks));
                _share = ((_share * kept) + 1) / (kept + looks);
                _looks = Math.Min(_looks + looks, Window);
                _pending = 0;
            }
            else
            {
                _pending++;
            }

            _seen = trades;
            return Silent > 0 && _share >= Busy && _looks - Prior >= 2 * Silent
                && -Silent * Math.Log(Math.Max(1 - _share, 0.005)) >= Unlikely;
        }
    }
}
