using System.Numerics;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// Which trade ids have passed, per symbol: what makes a second copy a duplicate and a jump a gap. One structure for both, kept
/// as ranges, so its memory follows the number of gaps. Every method may be called from any thread; each takes one lock for a
/// whole batch or question, so the receive path pays for it once per batch.
/// </summary>
internal sealed class ContinuityTracker(TradeIngestMetrics metrics)
{
    /// <summary>
    /// How many ids a streamed trade may be ahead of its symbol's last, or behind its first, and be believed at once. Beyond, its next
    /// trade decides. Minutes of the busiest symbol: after a longer pause one trade waits for the next.
    /// </summary>
    public const int MaxJump = 100_000;

    private readonly Lock _gate = new();
    private readonly ContinuityMetrics _metrics = metrics.Continuity;
    private State?[] _states = new State?[64];

    /// <summary>Starts a symbol from what is stored already; replaces what was known of it.</summary>
    public void Seed(Symbol symbol, IdRangeSet stored)
    {
        if (!stored.IsEmpty) Seed(symbol, stored, stored.Min);
    }

    /// <param name="symbol">The symbol.</param>
    /// <param name="stored">What is stored of it, maybe nothing.</param>
    /// <param name="from">Where its capture began: what is not stored from there on is missing.</param>
    public void Seed(Symbol symbol, IdRangeSet stored, long from)
    {
        lock (_gate) StateOf(symbol) = new State(symbol, stored.Clone(), from);
    }

    /// <summary>
    /// Takes a batch in: drops its duplicates in place, keeping the order, and adds the gaps it reveals. Only a jump above the
    /// highest id ever seen reveals one; a symbol's first trade starts its coverage; ids that no stored key could hold pass
    /// untouched, to be rejected by their quality. Of the latest ids of each symbol a second copy with another content passes too, for the
    /// warehouse to judge.
    /// </summary>
    /// <param name="batch">Changed in place.</param>
    /// <param name="gaps">Gets the gaps revealed.</param>
    /// <param name="far">Gets what became of streamed trades that were held back for their id; null to hold none back.</param>
    public void Accept(TradeBatch batch, ICollection<GapFound> gaps, FarTrades? far = null)
    {
        lock (_gate)
        {
            var trades = batch.Trades;
            var kept = 0;
            var held = 0;
            State? state = null;
            for (var i = 0; i < trades.Length; i++)
            {
                ref readonly var trade = ref trades[i];

                // Trades come in bursts of one symbol, each with the next id.
                if (state is null || !ReferenceEquals(state.Symbol, trade.Symbol)) state = StateOf(trade.Symbol);
                if (state is not { Held: null } || !state.TryTakeNext(in trade))
                {
                    if (far is not null && state is not null && IsHeldBack(state, in trade, gaps, far))
                    {
                        held++;
                        continue;
                    }

                    if (trade.TradeId is >= 0 and <= TradeQuality.MaxTradeId && !AcceptOther(ref state, in trade, gaps)) continue;
                }

                if (kept != i) trades[kept] = trade;
                kept++;
            }

            if (kept + held < trades.Length) _metrics.Duplicates.Add(trades.Length - kept - held);
            batch.Truncate(kept);
        }
    }

    /// <summary>No later trade of this process will decide about those held back.</summary>
    public void GiveUpHeld(FarTrades far)
    {
        lock (_gate)
        {
            foreach (var state in _states)
            {
                if (state?.Held is { } held) Refute(state, held, far);
            }
        }
    }

    /// <summary>
    /// Ids of which it is known that no trade will come: they are not missing. One that comes nevertheless passes.
    /// </summary>
    public void Settle(Symbol symbol, IdRange ids)
    {
        lock (_gate) StateOf(symbol)?.Settle(ids);
    }

    /// <summary>
    /// Takes trades out again that could not be kept, or whose copy settles nothing, so that they count as missing and may be fetched.
    /// </summary>
    /// <returns>Their ids as gaps, joined into ranges.</returns>
    public IReadOnlyList<GapFound> Release(ReadOnlySpan<Trade> trades)
    {
        var gaps = new List<GapFound>();
        var count = 0;
        lock (_gate)
        {
            var released = new Dictionary<Symbol, (IdRangeSet Ids, Trade First)>(ReferenceEqualityComparer.Instance);
            foreach (ref readonly var trade in trades)
            {
                if (trade.TradeId is < 0 or > TradeQuality.MaxTradeId) continue;
                if (!released.TryGetValue(trade.Symbol, out var entry)) released.Add(trade.Symbol, entry = (new IdRangeSet(), trade));
                entry.Ids.Add(trade.TradeId);
                count++;
            }

            foreach (var (symbol, (ids, first)) in released)
            {
                foreach (var range in ids.Ranges)
                {
                    StateOf(symbol)?.Seen.Remove(range);
                    gaps.Add(new GapFound(first.ReceivedTime, symbol, range));
                }
            }
        }

        _metrics.Released.Add(count);
        _metrics.Gaps.Add(gaps.Count);
        return gaps;
    }

    /// <summary>Every id missing between the lowest and the highest seen, by symbol; a copy of this moment.</summary>
    public IReadOnlyList<(Symbol Symbol, IReadOnlyList<IdRange> Missing)> OpenGaps()
    {
        var open = new List<(Symbol, IReadOnlyList<IdRange>)>();
        lock (_gate)
        {
            foreach (var state in _states)
            {
                if (state?.Missing(new IdRange(state.Lowest, state.Highest)) is { Count: > 0 } missing) open.Add((state.Symbol, missing));
            }
        }

        return open;
    }

    /// <summary>The highest id of each symbol seen; a copy of this moment.</summary>
    public IReadOnlyList<(Symbol Symbol, long Last)> Latest()
    {
        var latest = new List<(Symbol, long)>();
        lock (_gate)
        {
            foreach (var state in _states)
            {
                if (state is not null) latest.Add((state.Symbol, state.Highest));
            }
        }

        return latest;
    }

    /// <summary>Where a symbol's capture began; null when nothing of it has passed.</summary>
    public long? First(Symbol symbol)
    {
        lock (_gate) return StateOf(symbol)?.Lowest;
    }

    /// <summary>A symbol's highest id; null when nothing of it has passed.</summary>
    public long? Last(Symbol symbol)
    {
        lock (_gate) return StateOf(symbol)?.Highest;
    }

    /// <summary>The part of <paramref name="range"/> that has not passed.</summary>
    public IReadOnlyList<IdRange> Missing(Symbol symbol, IdRange range)
    {
        lock (_gate) return StateOf(symbol) is { } state ? state.Missing(range) : [range];
    }

    /// <summary>Whether an id has passed.</summary>
    public bool HasPassed(Symbol symbol, long id)
    {
        lock (_gate) return StateOf(symbol)?.Seen.Contains(id) == true;
    }

    /// <summary>What has passed of one symbol; a copy.</summary>
    public IdRangeSet Coverage(Symbol symbol)
    {
        lock (_gate) return StateOf(symbol)?.Seen.Clone() ?? new IdRangeSet();
    }

    /// <summary>
    /// A corrupt id far ahead would be the highest for ever, and hide each later loss. So it waits for another trade of its symbol: one
    /// near it bears it out, one that goes on where the symbol was refutes it.
    /// </summary>
    private bool IsHeldBack(State state, in Trade trade, ICollection<GapFound> gaps, FarTrades far)
    {
        if (trade.Source != IngestSource.Stream || trade.TradeId is < 0 or > TradeQuality.MaxTradeId) return false;
        var isFar = trade.TradeId - state.Highest > MaxJump || state.Lowest - trade.TradeId > MaxJump;
        if (state.Held is not { } held)
        {
            if (isFar) state.Held = new HeldTrade(trade);
            return isFar;
        }

        if (!isFar)
        {
            // A late copy of an old one says nothing.
            if (trade.TradeId > state.Highest) Refute(state, held, far);
            return false;
        }

        if (trade.TradeId == held.Trade.TradeId) return true;
        if (Math.Abs(trade.TradeId - held.Trade.TradeId) > MaxJump)
        {
            Refute(state, held, far);
            state.Held = new HeldTrade(trade);
            return true;
        }

        state.Held = null;
        State? same = state;
        if (AcceptOther(ref same, held.Trade, gaps)) far.Confirmed.Add(held.Trade);
        return false;
    }

    private void Refute(State state, HeldTrade held, FarTrades far)
    {
        state.Held = null;
        far.Implausible.Add(held.Trade);
        _metrics.Implausible.Increment();
    }

    // Any id but the next one of its symbol, or the next one after another was held back.
    private bool AcceptOther(ref State? state, in Trade trade, ICollection<GapFound> gaps)
    {
        if (state is null)
        {
            StateOf(trade.Symbol) = state = new State(
                trade.Symbol, IdRangeSet.Of(new IdRange(trade.TradeId, trade.TradeId)), trade.TradeId);
            state.Remember(in trade);
            return true;
        }

        if (state.TryTakeNext(in trade)) return true;
        if (!state.Seen.Add(trade.TradeId)) return state.IsRecentAndOther(in trade);
        state.Remember(in trade);
        if (trade.TradeId > state.Highest)
        {
            gaps.Add(new GapFound(trade.ReceivedTime, trade.Symbol, new IdRange(state.Highest + 1, trade.TradeId - 1)));
            _metrics.Gaps.Increment();
            state.JumpTo(trade.TradeId);
        }
        else if (trade.TradeId < state.Lowest)
        {
            state.Lowest = trade.TradeId;
        }

        return true;
    }

    private ref State? StateOf(Symbol symbol)
    {
        if (symbol.Ordinal >= _states.Length) Array.Resize(ref _states, Math.Max(_states.Length * 2, symbol.Ordinal + 1));
        return ref _states[symbol.Ordinal];
    }

    // Boxed: hardly any symbol has one.
    private sealed record HeldTrade(Trade Trade);

    // Lowest and Highest outlive a Release at the edge of Seen: the released ids stay missing, and are not found twice.
    private sealed class State(Symbol symbol, IdRangeSet seen, long from)
    {
        // Seconds of a busy symbol: longer than two connections overlap.
        private const int Recent = 1024;

        private const uint Unknown = 0;

        // A few bits of the content of the latest ids, each in the place that its id gives; unknown where it passed before this process.
        private readonly uint[] _recent = new uint[Recent];

        // Ids that came one after the other are not put into the set one by one: [_pending, _next) is merged when the set is read.
        private long _next = Math.Max(seen.Max + 1, from);
        private long _pending = Math.Max(seen.Max + 1, from);

        // No trade will come for them; null while there are none.
        private IdRangeSet? _settled;

        public Symbol Symbol { get; } = symbol;

        /// <summary>Far from the others by its id, until another trade decides about it.</summary>
        public HeldTrade? Held { get; set; }

        public IdRangeSet Seen
        {
            get
            {
                if (_pending < _next)
                {
                    seen.Add(new IdRange(_pending, _next - 1));
                    _pending = _next;
                }

                return seen;
            }
        }

        public long Lowest { get; set; } = from;

        public long Highest => _next - 1;

        /// <returns>False when it is not the next one, or none that a stored key could hold.</returns>
        public bool TryTakeNext(in Trade trade)
        {
            if (trade.TradeId != _next || trade.TradeId > TradeQuality.MaxTradeId) return false;
            _next = trade.TradeId + 1;
            _recent[trade.TradeId % Recent] = ContentOf(in trade);
            return true;
        }

        public void Remember(in Trade trade)
        {
            // The place of an older one is that of a latest one.
            if (trade.TradeId > Highest - Recent) _recent[trade.TradeId % Recent] = ContentOf(in trade);
        }

        /// <summary>Whether a copy of one of the latest ids says something else than the copy before it.</summary>
        public bool IsRecentAndOther(in Trade trade) =>
            trade.TradeId > Highest - Recent && _recent[trade.TradeId % Recent] is not Unknown and var content
                && content != ContentOf(in trade);

        public void Settle(IdRange ids) => (_settled ??= new IdRangeSet()).Add(ids);

        /// <summary>Goes on after an id beyond the next one, which is in the set already.</summary>
        public void JumpTo(long id) => _next = _pending = id + 1;

        private static uint ContentOf(in Trade trade)
        {
            var mixed = ((ulong)trade.Price.Scaled ^ BitOperations.RotateLeft((ulong)trade.Quantity.Scaled, 32)) * 0x9E3779B97F4A7C15;
            mixed ^= (ulong)trade.TradeTime.Microseconds + ((ulong)trade.Aggressor << 56);
            return (uint)((mixed * 0xBF58476D1CE4E5B9) >> 32) | 1;
        }

        public List<IdRange> Missing(IdRange range)
        {
            var missing = new List<IdRange>();
            var next = range.From;
            foreach (var present in Seen.Ranges)
            {
                if (present.To < next) continue;
                if (present.From > range.To) break;
                if (present.From > next) missing.Add(new IdRange(next, present.From - 1));
                next = present.To + 1;
            }

            if (next <= range.To) missing.Add(new IdRange(next, range.To));
            if (_settled is null) return missing;
            var unsettled = IdRangeSet.Of([.. missing]);
            foreach (var settled in _settled.Ranges) unsettled.Remove(settled);
            return [.. unsettled.Ranges];
        }
    }
}
