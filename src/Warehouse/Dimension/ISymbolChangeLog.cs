namespace Crypto.Warehouse.Dimension;

/// <summary>What sources have said of symbols, append-only: the truth that the dimension is folded from.</summary>
public interface ISymbolChangeLog : IAsyncDisposable
{
    /// <summary>
    /// Adds changes; those that are known already change nothing. A warehouse folds the histories they touch, gives each new symbol its
    /// durable id and re-keys the facts whose version changed, together.
    /// </summary>
    ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken);

    /// <summary>All changes of one source, oldest first: what it has said so far.</summary>
    ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken);

    /// <summary>
    /// Another number whenever a statement was added, at the price of one look: whoever waits for statements reads them all only then.
    /// </summary>
    ValueTask<long> RevisionAsync(CancellationToken cancellationToken);
}
