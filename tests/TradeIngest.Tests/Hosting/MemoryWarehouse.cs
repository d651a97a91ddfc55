using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>A warehouse of another make, in memory: a writer of plans, and what it takes to add one.</summary>
internal sealed class MemoryWarehouse : IWarehouse
{
    private readonly Dictionary<long, (PlannedFact Fact, Trade Trade)> _facts = [];
    private readonly Dictionary<LogPartition, long> _positions = [];
    private readonly List<SymbolChange> _changes = [];
    private readonly SymbolStates _symbols = new();
    private readonly UsdAmount _usd = new(UsdAmount.DefaultPeggedAssets);
    private readonly Lock _gate = new();

    /// <summary>Thrown by loads, where there is one.</summary>
    public Exception? Failure { get; init; }

    public int RecordsPerLoad => 8192;

    /// <summary>The trades stored, by fact.</summary>
    public IReadOnlyList<Trade> Trades
    {
        get
        {
            lock (_gate) return [.. _facts.OrderBy(fact => fact.Key).Select(fact => fact.Value.Trade)];
        }
    }

    public ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return new ValueTask<IReadOnlyDictionary<LogPartition, long>>(new Dictionary<LogPartition, long>(_positions));
    }

    /// <summary>As if it had loaded up to there.</summary>
    public void Stand(LogPartition partition, long position)
    {
        lock (_gate) _positions[partition] = position;
    }

    public ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        if (Failure is not null) throw Failure;
        lock (_gate)
        {
            if (BatchPlanner.Unregistered(_symbols, batch) is { Count: > 0 } unregistered)
            {
                Apply([.. unregistered.Select(key => InferredMember.Change(key, Timestamp.Epoch))]);
            }

            using var plan = BatchPlanner.Plan(_symbols, batch);
            foreach (ref readonly var fact in plan.Facts) _facts.Add(fact.FactId, (fact, batch.Trades.Span[fact.Trade]));
            _positions[batch.Partition] = batch.NextOffset;
            plan.UpdateState();
            return new ValueTask<LoadOutcome>(plan.Outcome);
        }
    }

    public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        lock (_gate) return new ValueTask<ApplyOutcome>(Apply(changes));
    }

    public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken)
    {
        lock (_gate) return new ValueTask<IReadOnlyList<SymbolChange>>([.. _changes.Where(change => change.Source == source)]);
    }

    public ValueTask<long> RevisionAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return new ValueTask<long>(_changes.Count);
    }

    public ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
        ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return new ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>>(
                _facts.Values.ToDictionary(fact => TradeKey.Of(fact.Trade), fact => TradeContent.Of(fact.Trade)));
        }
    }

    public ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return new ValueTask<IReadOnlyList<SymbolCoverage>>(
                [.. _symbols.All.OrderBy(symbol => symbol.Key.Ticker, StringComparer.Ordinal)
                    .Select(symbol => new SymbolCoverage(symbol.Key, symbol.SymbolId, symbol.Captured.Clone(), []))]);
        }
    }

    /// <summary>Times it was disposed.</summary>
    public int Disposals { get; private set; }

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return ValueTask.CompletedTask;
    }

    private ApplyOutcome Apply(IReadOnlyCollection<SymbolChange> changes)
    {
        var added = 0;
        foreach (var news in changes.GroupBy(change => change.Key))
        {
            var plan = DimensionPlanner.Plan([.. _changes.Where(change => change.Key == news.Key)], [.. news], AttributeOwnership.Default);
            if (!_symbols.TryGet(news.Key, out var state)) _symbols.Add(state = new SymbolState(_symbols.All.Count + 1, news.Key));
            _changes.AddRange(plan.Added);
            state.Use(plan.History.Versions, _usd);
            added += plan.Added.Count;
        }

        return new ApplyOutcome(added, 0, 0, 0, 0);
    }
}
