using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

public sealed partial class SqliteWarehouse
{
    public async ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Count == 0) return default;
        using var _ = await EnterAsync(cancellationToken);
        return Committing(() => Apply(changes, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Throws the dimension away and folds the log of changes again. Since the dimension is a function of that log, nothing changes
    /// unless the rules did or another program wrote into the tables.
    /// </summary>
    /// <returns>How many rows differ from before, and how many facts were bound anew.</returns>
    public async ValueTask<RebuildOutcome> RebuildDimensionAsync(CancellationToken cancellationToken)
    {
        using var _ = await EnterAsync(cancellationToken);
        return Committing(() => Rebuild(cancellationToken), cancellationToken);
    }

    /// <summary>Inside a transaction.</summary>
    private ApplyOutcome Apply(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        using var writer = new DimensionWriter(_database, _options.Progress);
        var outcome = default(ApplyOutcome);

        // In order of key, so that the ids of symbols new in one batch do not depend on the order within it.
        foreach (var history in changes.GroupBy(change => change.Key).OrderBy(group => group.Key.ToString(), StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var plan = DimensionPlanner.Plan(writer.Changes(history.Key), [.. history], _options.Ownership);
            if (plan.Added.Count == 0) continue;
            var isNew = !_symbols.TryGet(plan.Key, out var state);
            state ??= Register(writer, plan.Key);
            foreach (var change in plan.Added) writer.Record(change);
            writer.Write(state.SymbolId, plan.Operations);
            writer.Conflicts(state.SymbolId, plan.History.Conflicts());
            outcome = new ApplyOutcome(
                outcome.NewChanges + plan.Added.Count,
                outcome.NewSymbols + (isNew ? 1 : 0),
                outcome.VersionsWritten + plan.Operations.Count(operation => operation.Kind < OperationKind.Supersede),
                outcome.VersionsSuperseded + plan.Operations.Count(operation => operation.Kind == OperationKind.Supersede),
                outcome.FactsRekeyed + Rekey(writer, state, plan.Rebindings, outcome.FactsRekeyed));
            state.Use(plan.History.Versions, _usd);
        }

        return outcome;
    }

    /// <summary>Inside a transaction.</summary>
    private RebuildOutcome Rebuild(CancellationToken cancellationToken)
    {
        using var writer = new DimensionWriter(_database, _options.Progress);
        var stored = SqliteReads.AllVersions(_database).ToHashSet();
        var rows = 0;
        var different = 0;
        long rekeyed = 0;
        writer.Clear();
        foreach (var history in SqliteReads.Changes(_database).GroupBy(change => change.Key))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!_symbols.TryGet(history.Key, out var state)) state = Register(writer, history.Key);
            var folded = SymbolHistory.Of(history, _options.Ownership);
            foreach (var row in folded.Superseded.Concat(folded.Current))
            {
                rows++;
                if (!stored.Remove(row)) different++;
                writer.Insert(state.SymbolId, row);
                _options.Progress?.Report(rows);
            }

            writer.Conflicts(state.SymbolId, folded.Conflicts());
            rekeyed += Rekey(writer, state, Rebinding.Between(state.Versions?.Versions ?? [], folded.Versions), rekeyed);
            state.Use(folded.Versions, _usd);
        }

        return new RebuildOutcome(rows, different + stored.Count, rekeyed);
    }

    private long Rekey(DimensionWriter writer, SymbolState state, IReadOnlyList<Rebinding> rebindings, long soFar)
    {
        // A symbol without a trade has no facts to look for.
        if (rebindings.Count == 0 || state.Captured.IsEmpty) return 0;
        var rekeyed = writer.Rebind(state.SymbolId, rebindings, _usd, _options.RekeyLimit - soFar);
        return soFar + rekeyed <= _options.RekeyLimit
            ? rekeyed
            : throw new WarehouseException(
                $"The changes would bind more than {_options.RekeyLimit} facts to another version ({state.Key}, valid from "
                + $"{rebindings[0].From}); nothing was changed. If that is meant, apply them with --force, or raise --rekey-limit "
                + "(Warehouse:RekeyLimit).");
    }

    private SymbolState Register(DimensionWriter writer, NaturalKey key)
    {
        var id = writer.NextSymbolId();
        if (id > FactId.MaxSymbolId)
        {
            throw new WarehouseException($"No durable id is left for '{key}': {FactId.MaxSymbolId} symbols are registered.");
        }

        writer.Register(id, key, Now());
        var state = new SymbolState((int)id, key);
        _symbols.Add(state);
        return state;
    }
}
