using System.Text.Json;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Snowflake;

/// <summary>What <c>APPLY_CHANGES</c> is to do, as its JSON.</summary>
/// <param name="revision">The dimension's revision that the plan was made for.</param>
internal sealed class ChangePayload(UsdAmount usd, long revision, long rekeyLimit)
{
    public List<(int Id, NaturalKey Key, Timestamp Registered)> Symbols { get; } = [];

    public List<(SymbolState State, DimensionPlan Plan)> Plans { get; } = [];

    public List<(SymbolState State, Rebinding Rebinding)> Rebindings { get; init; } = [];

    public override string ToString()
    {
        var operations = Plans.SelectMany(
            plan => plan.Plan.Operations, (plan, operation) => (plan.State, operation.Kind, operation.Row)).ToList();
        return JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["revision"] = revision,
            ["rekey_limit"] = rekeyLimit,
            ["symbols"] = Symbols.Select(symbol => new
            {
                symbol_id = symbol.Id,
                exchange = symbol.Key.Exchange,
                ticker = symbol.Key.Ticker,
                registered = symbol.Registered.Microseconds,
            }),
            ["changes"] = Plans.SelectMany(plan => plan.Plan.Added).Select(change => new
            {
                source = change.Source.Name(),
                sequence = change.Sequence,
                exchange = change.Key.Exchange,
                ticker = change.Key.Ticker,
                operation = change.Operation == ChangeOperation.Delete ? "DELETE" : "UPSERT",
                valid = change.ValidTime.Microseconds,
                recorded = change.RecordedTime.Microseconds,
                attributes = AttributesJson.Format(change.Attributes),
                hash = change.Hash,
            }),
            ["versions_removed"] = operations.Where(row => row.Kind == OperationKind.Remove)
                .Select(row => new { symbol_key = row.Row.Version.SymbolKey, recorded_from = row.Row.RecordedFrom.Microseconds }),
            ["versions_superseded"] = operations.Where(row => row.Kind == OperationKind.Supersede).Select(row => new
            {
                symbol_key = row.Row.Version.SymbolKey,
                recorded_from = row.Row.RecordedFrom.Microseconds,
                recorded_to = row.Row.RecordedTo.Microseconds,
            }),
            ["versions"] = operations
                .Where(row => row.Kind is not (OperationKind.Remove or OperationKind.Supersede))
                .Select(row => VersionOf(row.State, row.Row)),
            ["symbol_ids"] = Plans.Select(plan => plan.State.SymbolId),
            ["conflicts"] = Plans.SelectMany(plan => plan.Plan.History.Conflicts(), (plan, conflict) => new
            {
                symbol_id = plan.State.SymbolId,
                ticker = conflict.Loser.Key.Ticker,
                attribute = conflict.Attribute.Column(),
                valid = conflict.ValidTime.Microseconds,
                rule = conflict.Rule.ToString().ToUpperInvariant(),
                loser_source = conflict.Loser.Source.Name(),
                loser_value = conflict.Loser.Attributes[conflict.Attribute],
                loser_hash = conflict.Loser.Hash,
                winner_source = conflict.Winner?.Source.Name(),
                winner_value = conflict.Winner?.Attributes[conflict.Attribute],
                winner_hash = conflict.Winner?.Hash,
            }),
            ["rebindings"] = Rebindings.Where(row => row.Rebinding.ChangesKey).Select(row => new
            {
                first_fact = FactId.Of(row.State.SymbolId, 0),
                last_fact = FactId.Of(row.State.SymbolId + 1, 0) - 1,
                old_key = row.Rebinding.Old.SymbolKey,
                new_key = row.Rebinding.New.SymbolKey,
                from = row.Rebinding.From.Microseconds,
                to = row.Rebinding.To.Microseconds,
            }),
            ["repricings"] = Rebindings
                .Where(row => usd.IsPegged(row.Rebinding.Old[SymbolAttribute.QuoteAsset])
                    != usd.IsPegged(row.Rebinding.New[SymbolAttribute.QuoteAsset]))
                .Select(row => new
                {
                    first_fact = FactId.Of(row.State.SymbolId, 0),
                    last_fact = FactId.Of(row.State.SymbolId + 1, 0) - 1,
                    is_pegged = usd.IsPegged(row.Rebinding.New[SymbolAttribute.QuoteAsset]),
                    from = row.Rebinding.From.Microseconds,
                    to = row.Rebinding.To.Microseconds,
                }),
        });
    }

    private static Dictionary<string, object?> VersionOf(SymbolState state, RecordedVersion row)
    {
        var version = row.Version;
        var json = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["symbol_key"] = version.SymbolKey,
            ["symbol_id"] = state.SymbolId,
            ["ticker"] = version.Key.Ticker,
            ["valid_from"] = version.ValidFrom.Microseconds,
            ["valid_to"] = version.ValidTo.Microseconds,
            ["is_deleted"] = version.IsDeleted,
            ["is_inferred"] = version.IsInferred,
            ["change_hash"] = version.ChangeHash,
            ["recorded_from"] = row.RecordedFrom.Microseconds,
            ["recorded_to"] = row.RecordedTo.Microseconds,
        };
        foreach (var attribute in SymbolAttributes.All) json[attribute.Column()] = version[attribute];
        return json;
    }
}
