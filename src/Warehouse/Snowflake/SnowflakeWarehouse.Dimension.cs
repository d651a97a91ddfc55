using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Snowflake;

public sealed partial class SnowflakeWarehouse
{
    private const int MaxAttempts = 10;
    private const string StaleRevision = "STALE_REVISION";

    public async ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        if (changes.Count == 0) return default;
        return await TakingTurnAsync(() => ApplyInTurnAsync(changes, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Plans on what is known, applies if no other process changed the dimension meanwhile, else reads it again and plans anew.
    /// </summary>
    private async Task<ApplyOutcome> ApplyInTurnAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var payload = Plan(changes);
            if (payload.Plans.Count == 0) return default;

            // Rows on the way could not be bound anew: they are to be in the table first.
            if (payload.Rebindings.Count > 0) await _loads.FlushAsync(cancellationToken);
            try
            {
                var rekeyed = await CallApplyAsync(payload, cancellationToken);
                return Take(payload, rekeyed);
            }
            catch (SnowflakeException failure) when (
                failure.Message.Contains(StaleRevision, StringComparison.Ordinal) && attempt < MaxAttempts)
            {
                await _loads.FlushAsync(cancellationToken);
                await RefreshDimensionAsync(cancellationToken);
            }
            catch (SnowflakeException failure) when (failure.Message.Contains("REKEY_LIMIT", StringComparison.Ordinal))
            {
                throw new WarehouseException(
                    $"The changes would bind more than {_options.RekeyLimit} facts to another version; nothing was changed. If that is "
                    + "meant, apply them with --force, or raise --rekey-limit (Warehouse:RekeyLimit).", innerException: failure);
            }
        }
    }

    private ChangePayload Plan(IReadOnlyCollection<SymbolChange> changes)
    {
        var payload = new ChangePayload(_usd, _revision, _options.RekeyLimit);
        var nextId = _symbols.All.Select(state => state.SymbolId).DefaultIfEmpty(0).Max() + 1;
        foreach (var history in changes.GroupBy(change => change.Key).OrderBy(group => group.Key.ToString(), StringComparer.Ordinal))
        {
            var plan = DimensionPlanner.Plan(_changes.GetValueOrDefault(history.Key) ?? [], [.. history], _options.Ownership);
            if (plan.Added.Count == 0) continue;
            if (!_symbols.TryGet(history.Key, out var state))
            {
                if (nextId > FactId.MaxSymbolId) throw new WarehouseException(
                    $"No durable id is left for '{history.Key}': {FactId.MaxSymbolId} symbols are registered.");
                state = new SymbolState(nextId++, history.Key);
                payload.Symbols.Add((state.SymbolId, history.Key, Now()));
            }

            payload.Plans.Add((state, plan));
            payload.Rebindings.AddRange(plan.Rebindings.Select(rebinding => (state, rebinding)));
        }

        return payload;
    }

    private async Task<long> CallApplyAsync(ChangePayload payload, CancellationToken cancellationToken) =>
        SqlResult.Whole((await _sql.ExecuteAsync("CALL APPLY_CHANGES(?)", [payload.ToString()], cancellationToken)).Scalar);

    private ApplyOutcome Take(ChangePayload payload, long rekeyed)
    {
        _revision++;
        int added = 0, written = 0, superseded = 0;
        foreach (var (state, plan) in payload.Plans)
        {
            if (!_symbols.TryGet(state.Key, out _)) _symbols.Add(state);
            state.Use(plan.History.Versions, _usd);
            if (!_changes.TryGetValue(plan.Key, out var known)) _changes.Add(plan.Key, known = []);
            known.AddRange(plan.Added);
            added += plan.Added.Count;
            written += plan.Operations.Count(operation => operation.Kind < OperationKind.Supersede);
            superseded += plan.Operations.Count(operation => operation.Kind == OperationKind.Supersede);
        }

        return new ApplyOutcome(added, payload.Symbols.Count, written, superseded, rekeyed);
    }
}
