using System.Runtime.InteropServices;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

public sealed partial class SqliteWarehouse
{
    private readonly RawBatchText _rawText = new();

    // Of the current batch: the facts in the order of the table, by fact id; grown to the largest batch.
    private long[] _factIds = [];
    private int[] _factPlaces = [];

    // None before the first fact of this run.
    private FactSegment? _segment;

    private LoadStatements? _load;
    private StoredFacts? _storedFacts;

    public async ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var _ = await EnterAsync(cancellationToken);
        return Committing(() => Load(batch), CancellationToken.None);
    }

    public async ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
        ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);
        var known = MemoryMarshal.ToEnumerable(trades)
            .Where(trade => _symbols.Find(trade.Symbol) is not null)
            .GroupBy(trade => _symbols.Find(trade.Symbol)!)
            .ToDictionary(symbol => symbol.Key.SymbolId, symbol => symbol.ToList());
        var tickers = known.ToDictionary(symbol => symbol.Key, symbol => symbol.Value[0].Symbol.Ticker);
        _storedFacts ??= new StoredFacts(_database);
        return _storedFacts.Find(known).ToDictionary(
            fact => new TradeKey(tickers[FactId.SymbolId(fact.Key)], FactId.TradeId(fact.Key)), fact => fact.Value.Content);
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
                    $"Records from offset {batch.FromOffset} of {batch.Partition} do not continue the stored position {position}: "
                    + "two sinks write this warehouse, or records were lost from the log.");
            }
        }

        if (BatchPlanner.Unregistered(_symbols, batch) is { Count: > 0 } unregistered)
        {
            var now = Now();
            Apply([.. unregistered.Select(key => InferredMember.Change(key, now))], CancellationToken.None);
        }

        _load ??= new LoadStatements(_database);
        using var plan = BatchPlanner.Plan(_symbols, batch);
        var known = Compare(plan);
        Write(plan, known);
        plan.UpdateState();
        _positions[batch.Partition] = batch.NextOffset;
        return plan.Outcome;
    }

    /// <returns>The facts stored before for ids that came again.</returns>
    private Dictionary<long, StoredContent> Compare(BatchPlan plan)
    {
        var known = new Dictionary<long, StoredContent>();
        if (BatchPlanner.Repeated(plan) is { Count: > 0 } repeated)
        {
            _storedFacts ??= new StoredFacts(_database);
            known = _storedFacts.Find(BySymbol(plan.Batch, repeated));
            BatchPlanner.Compare(_symbols, plan, known.ToDictionary(fact => fact.Key, fact => fact.Value.Content));
        }

        var identities = plan.Rejections.Select(rejection => rejection.Identity).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (identities.Count > 0) BatchPlanner.Drop(plan, SqliteReads.KnownRejections(_database, identities));
        return known;
    }

    private void Write(BatchPlan plan, Dictionary<long, StoredContent> known)
    {
        var batch = plan.Batch;
        if (batch.KeepRaw) WriteRaw(batch);
        foreach (var rejection in plan.Rejections) _load!.Reject(batch.Partition, rejection);
        WriteFacts(plan);
        if (plan.Corrections.Count > 0) Correct(plan, known);
        foreach (var factId in plan.SettledConflicts) _load!.SettleConflicts(FactId.SymbolId(factId), FactId.TradeId(factId));
        var now = Now().ToString();
        foreach (var change in plan.Coverage) _load!.Coverage(change, now);
        _load!.Position(batch.Partition, batch.NextOffset, batch.Records.Length, plan.Outcome, now);
    }

    // By symbol and id, which is the order of the table within a segment.
    private void WriteFacts(BatchPlan plan)
    {
        var facts = plan.Facts;
        if (_factIds.Length < facts.Length) (_factIds, _factPlaces) = (new long[facts.Length], new int[facts.Length]);
        var ids = _factIds.AsSpan(0, facts.Length);
        var places = _factPlaces.AsSpan(0, facts.Length);
        for (var i = 0; i < facts.Length; i++) (ids[i], places[i]) = (facts[i].FactId, i);
        ids.Sort(places);
        while (places.Length > 0)
        {
            var run = places[..Math.Min(places.Length, FactSegment.LargestRun)];
            WriteRun(plan, run);
            places = places[run.Length..];
        }
    }

    private void WriteRun(BatchPlan plan, ReadOnlySpan<int> places)
    {
        if (_segment is null or { IsFull: true }) _segment = new FactSegment(NextSegment());
        long first = long.MaxValue, last = long.MinValue;
        foreach (var place in places)
        {
            ref readonly var fact = ref plan.Facts[place];
            ref readonly var trade = ref plan.Batch.Trades.Span[fact.Trade];
            var rowId = FactRowId.Of(_segment.Id, FactId.SymbolId(fact.FactId), _segment.NextPlace());
            _segment.Add(_load!.Fact(rowId, fact, trade));
            first = Math.Min(first, trade.TradeTime.Microseconds);
            last = Math.Max(last, trade.TradeTime.Microseconds);
        }

        _load!.Segment(_segment.Id, places.Length, first, last, _segment.Checksum);
    }

    private int NextSegment() => _segment is { } full ? full.Id + 1 : SqliteReads.LastSegment(_database) + 1;

    /// <summary>Gives facts the content of corrections; those this batch brought itself are in the table by now.</summary>
    private void Correct(BatchPlan plan, Dictionary<long, StoredContent> known)
    {
        var trades = plan.Batch.Trades.Span;
        var own = plan.Corrections.Where(fact => !known.ContainsKey(fact.FactId)).Select(fact => fact.Trade);
        foreach (var (factId, stored) in _storedFacts!.Find(BySymbol(plan.Batch, own))) known.Add(factId, stored);
        var segments = new HashSet<int>();
        foreach (var fact in plan.Corrections)
        {
            var rowId = known[fact.FactId].RowId;
            _load!.Correct(rowId, fact, trades[fact.Trade]);
            segments.Add(FactRowId.Segment(rowId));
        }

        foreach (var segment in segments) FactSegments.Recompute(_database, segment);

        // The one being filled has another checksum now.
        _segment = null;
    }

    private Dictionary<int, List<Trade>> BySymbol(WarehouseBatch batch, IEnumerable<int> indexes) => indexes
        .Select(index => batch.Trades.Span[index])
        .GroupBy(trade => _symbols.Find(trade.Symbol)!.SymbolId)
        .ToDictionary(symbol => symbol.Key, symbol => symbol.ToList());

    private void WriteRaw(WarehouseBatch batch)
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
}
