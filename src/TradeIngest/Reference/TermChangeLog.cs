using Crypto.TradeIngest.Log;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>What the leader publishes: nothing once its term is over, and what is under way to its end.</summary>
internal sealed class TermChangeLog(SymbolChangesTopic topic, LeadershipTerm term) : ISymbolChangeLog
{
    public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
        topic.ApplyAsync(changes, term.ThrowIfOver, cancellationToken, term.Abandoning);

    public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken) =>
        topic.ChangesAsync(source, cancellationToken);

    public ValueTask<long> RevisionAsync(CancellationToken cancellationToken) => topic.RevisionAsync(cancellationToken);

    /// <summary>The topic outlives a term.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
