using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// What a log writer has put into the log, by symbol, on its way to the topic <c>capture_state</c>. Two rules make it hold after a
/// death at any instant: that a symbol's capture has begun is written before its first trade, and that a trade is in the log after it
/// is. So what no state tells of is missing, and is fetched. One writer's, not thread-safe.
/// </summary>
/// <param name="tracker">Knows where a symbol began when its first trades did not get as far as the writer.</param>
internal sealed class CaptureLedger(ContinuityTracker tracker)
{
    private readonly List<Entry> _begun = [];
    private Entry?[] _entries = new Entry?[64];

    /// <summary>A symbol found in the log.</summary>
    public void Seed(Symbol symbol, long from, IdRangeSet ids) => Put(new Entry(symbol, from, ids.Clone()) { IsChanged = true });

    /// <summary>A trade that is about to be appended.</summary>
    public void Add(in Trade trade)
    {
        if (trade.TradeId is < 0 or > TradeQuality.MaxTradeId) return;
        var ordinal = trade.Symbol.Ordinal;
        var entry = ordinal < _entries.Length && _entries[ordinal] is { } known ? known : Begin(in trade);

        // A copy that settles nothing is missing like one that never came.
        if (!TradeQuality.Settles(in trade)) return;
        entry.Ids.Add(trade.TradeId);
        entry.IsChanged = true;
    }

    /// <summary>Ids that no trade will come for are as good as in the log.</summary>
    public void Add(ExchangeHole hole)
    {
        // Of a symbol that has not begun nothing is missing.
        if (hole.Symbol.Ordinal >= _entries.Length || _entries[hole.Symbol.Ordinal] is not { } entry) return;
        entry.Ids.Add(hole.Ids);
        entry.IsChanged = true;
    }

    /// <summary>Takes what must be written before the trades added since.</summary>
    public void TakeBegun(RecordBatch records)
    {
        foreach (var entry in _begun) Write(records, CaptureState.Of(entry.Symbol.Ticker, entry.From, new IdRangeSet()));
        _begun.Clear();
    }

    /// <summary>Takes what has changed since the last time; to be called when everything added is in the log.</summary>
    public void TakeChanged(RecordBatch records)
    {
        foreach (var entry in _entries)
        {
            if (entry is not { IsChanged: true }) continue;
            Write(records, CaptureState.Of(entry.Symbol.Ticker, entry.From, entry.Ids));
            entry.IsChanged = false;
        }
    }

    private static void Write(RecordBatch records, CaptureState state) =>
        records.Add(CaptureStateJson.Key(state), CaptureStateJson.Write(state));

    private Entry Begin(in Trade trade)
    {
        var entry = new Entry(trade.Symbol, Math.Min(trade.TradeId, tracker.First(trade.Symbol) ?? long.MaxValue), new IdRangeSet());
        _begun.Add(entry);
        Put(entry);
        return entry;
    }

    private void Put(Entry entry)
    {
        var ordinal = entry.Symbol.Ordinal;
        if (ordinal >= _entries.Length) Array.Resize(ref _entries, Math.Max(_entries.Length * 2, ordinal + 1));
        _entries[ordinal] = entry;
    }

    private sealed class Entry(Symbol symbol, long from, IdRangeSet ids)
    {
        public Symbol Symbol { get; } = symbol;

        public long From { get; } = from;

        public IdRangeSet Ids { get; } = ids;

        public bool IsChanged { get; set; }
    }
}
