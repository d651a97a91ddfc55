using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

public sealed partial class SqliteWarehouse
{
    private readonly RawBatchText _rawText = new();

    // Coverage of each symbol the current batch touches, as it was before.
    private readonly Dictionary<SymbolState, IdRangeSet> _touched = [];

    // Of the current batch: the facts to insert and where their trades are; grown to the largest batch.
    private long[] _factIds = [];
    private int[] _factTrades = [];

    // None before the first fact of this run.
    private FactSegment? _segment;

    private LoadStatements? _load;

    public async ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var _ = await EnterAsync(cancellationToken);
        return Committing(() => Load(batch), CancellationToken.None);
    }

    /// <summary>Inside a transaction.</summary>
    private LoadOutcome Load(WarehouseBatch batch)
    {
        if (_positions.TryGetValue(batch.Partition, out var position))
        {
            if (position >= batch.NextOffset) return default;
            if (position != batch.FromOffset)
            {
                throw new WarehouseException(
                    $"Records from offset {batch.FromOffset} of {batch.Partition} do not join on to the stored position {position}: "
                    + "two sinks write this warehouse, or records were lost from the log.");
            }
        }

        _load ??= new LoadStatements(_database);
        _touched.Clear();
        if (batch.KeepRaw) InsertRaw(batch);

        var outcome = new LoadOutcome(0, 0, 0);
        foreach (var rejected in batch.Rejected) outcome += Reject(batch.Partition, rejected);
        outcome += InsertTrades(batch);

        foreach (var (state, before) in _touched) WriteCoverage(state, before);
        WritePosition(batch, outcome);
        _positions[batch.Partition] = batch.NextOffset;
        return outcome;
    }

    private LoadOutcome InsertTrades(WarehouseBatch batch)
    {
        var trades = batch.Trades.Span;
        if (_factIds.Length < trades.Length) (_factIds, _factTrades) = (new long[trades.Length], new int[trades.Length]);
        int stored = 0, duplicates = 0, rejected = 0;
        SymbolState? state = null;
        Symbol? symbol = null;
        for (var i = 0; i < trades.Length; i++)
        {
            ref readonly var trade = ref trades[i];
            if (!ReferenceEquals(trade.Symbol, symbol))
            {
                symbol = trade.Symbol;
                state = StateOf(symbol);
                Touch(state);
            }

            var reason = TradeQuality.Check(trade);
            if (reason != ErrorReason.TradeIdOutOfRange && !state!.Coverage.Add(trade.TradeId))
            {
                duplicates++;
                continue;
            }

            if (reason == ErrorReason.None)
            {
                (_factIds[stored], _factTrades[stored]) = (FactId.Of(state!.SymbolId, trade.TradeId), i);
                stored++;
            }
            else
            {
                var record = batch.Records.Span[batch.TradeRecords.Span[i]];
                _load!.Reject(batch.Partition, record.Offset, state!.SymbolId, symbol.Ticker, trade.TradeId, reason, "", trade.ReceivedTime, record.Value.Span);
                rejected++;
            }
        }

        InsertFacts(trades, _factIds.AsSpan(0, stored), _factTrades.AsSpan(0, stored));
        return new LoadOutcome(stored, duplicates, rejected);
    }

    // By symbol and id, which is the order of the table within a segment.
    private void InsertFacts(ReadOnlySpan<Trade> trades, Span<long> factIds, Span<int> indexes)
    {
        factIds.Sort(indexes);
        for (var rest = indexes; rest.Length > 0;)
        {
            var run = rest[..Math.Min(rest.Length, FactSegment.LargestRun)];
            InsertRun(trades, run);
            rest = rest[run.Length..];
        }
    }

    private void InsertRun(ReadOnlySpan<Trade> trades, ReadOnlySpan<int> indexes)
    {
        if (_segment is null or { IsFull: true }) _segment = new FactSegment(NextSegment());
        long first = long.MaxValue, last = long.MinValue;
        foreach (var index in indexes)
        {
            ref readonly var trade = ref trades[index];
            var state = StateOf(trade.Symbol);
            var version = state.Versions!.IndexAt(trade.TradeTime);
            var amount = UsdAmount.Of(trade.Price, trade.Quantity, state.IsPegged(version), out var flags);
            var rowId = FactRowId.Of(_segment.Id, state.SymbolId, _segment.NextPlace());
            _load!.Fact(rowId, state.Versions.KeyOf(version), trade, amount, flags);
            first = Math.Min(first, trade.TradeTime.Microseconds);
            last = Math.Max(last, trade.TradeTime.Microseconds);
        }

        _load!.Segment(_segment.Id, indexes.Length, first, last);
    }

    private int NextSegment() => _segment is { } full ? full.Id + 1 : SqliteReads.LastSegment(_database) + 1;

    private LoadOutcome Reject(LogPartition partition, RejectedRecord rejected)
    {
        SymbolState? state = null;
        if (rejected.Ticker is { } ticker)
        {
            var key = new NaturalKey(Exchange.Binance, ticker);
            _symbols.TryGetValue(key, out state);
            if (rejected.TradeId is >= 0 and <= TradeQuality.MaxTradeId and var tradeId)
            {
                // Captured, like a trade that breaks a rule: asking for it again would give the same.
                state ??= Infer(key);
                Touch(state);
                if (!state.Coverage.Add(tradeId)) return new LoadOutcome(0, 1, 0);
            }
        }

        var isNew = _load!.Reject(
            partition, rejected.Offset, state?.SymbolId, rejected.Ticker, rejected.TradeId, rejected.Reason, rejected.Detail,
            rejected.ReceivedTime, rejected.Payload.Span, rejected.Identity);
        return isNew ? new LoadOutcome(0, 0, 1) : new LoadOutcome(0, 1, 0);
    }

    private SymbolState StateOf(Symbol symbol)
    {
        if (symbol.Ordinal >= _byOrdinal.Length) Array.Resize(ref _byOrdinal, Math.Max(symbol.Ordinal + 1, _byOrdinal.Length * 2));
        ref var entry = ref _byOrdinal[symbol.Ordinal];
        if (ReferenceEquals(entry.Symbol, symbol)) return entry.State!;

        var key = new NaturalKey(Exchange.Binance, symbol.Ticker);
        if (!_symbols.TryGetValue(key, out var state)) state = Infer(key);
        entry = (symbol, state);
        return state;
    }

    private SymbolState Infer(NaturalKey key)
    {
        Apply([InferredMember.Change(key, Now())], CancellationToken.None);
        return _symbols[key];
    }

    private void Touch(SymbolState state)
    {
        if (!_touched.ContainsKey(state)) _touched.Add(state, state.Coverage.Clone());
    }

    private void InsertRaw(WarehouseBatch batch)
    {
        var records = batch.Records.Span;
        var unreadable = new HashSet<long>(batch.Rejected.Select(rejected => rejected.Offset));
        for (var start = 0; start < records.Length;)
        {
            // Offsets may skip; a row holds a run that does not.
            var end = start + 1;
            _rawText.Open(records[start].Value.Span, !unreadable.Contains(records[start].Offset));
            for (; end < records.Length && records[end].Offset == records[end - 1].Offset + 1; end++)
            {
                _rawText.Continue(records[end].Value.Span, !unreadable.Contains(records[end].Offset));
            }

            _rawText.Close();
            _load!.Raw(batch.Partition, records[start], end - start, _rawText.Utf8);
            start = end;
        }
    }

    private void WriteCoverage(SymbolState state, IdRangeSet before)
    {
        var old = before.Ranges;
        var current = state.Coverage.Ranges;
        if (old.SequenceEqual(current)) return;

        // Both are sorted by From, which is the key of the rows: a merge tells what to delete and what to write.
        for (int i = 0, j = 0; i < old.Length || j < current.Length;)
        {
            if (j == current.Length || (i < old.Length && old[i].From < current[j].From)) _load!.DeleteCoverage(state.SymbolId, old[i++].From);
            else if (i < old.Length && old[i] == current[j]) (i, j) = (i + 1, j + 1);
            else
            {
                if (i < old.Length && old[i].From == current[j].From) i++;
                _load!.PutCoverage(state.SymbolId, state.Key.Ticker, current[j++]);
            }
        }

        if (old.Length > 1 || current.Length > 1) WriteGaps(state, GapLedger.Changes(before, state.Coverage));
    }

    private void WriteGaps(SymbolState state, IReadOnlyList<GapChange> changes)
    {
        var now = Now().ToString();

        // Pieces of a split gap take over its found time while its row still carries the old start.
        foreach (var change in changes)
        {
            if (change is { Before: null, After: { } found })
            {
                _load!.FindGap(state.SymbolId, state.Key.Ticker, found, change.SplitFrom?.From, now);
            }
        }

        foreach (var change in changes)
        {
            if (change.Before is not { } before) continue;
            if (change.After is { } after) _load!.NarrowGap(state.SymbolId, before.From, after);
            else _load!.CloseGap(state.SymbolId, before.From, now);
        }
    }

    private void WritePosition(WarehouseBatch batch, LoadOutcome outcome) =>
        _load!.Position(batch.Partition, batch.NextOffset, batch.Records.Length, outcome, Now().ToString());
}
