using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Tests.Reference;

/// <summary>Changes in a store that cannot be reached for now.</summary>
internal sealed class AwayChangeLog(ISymbolChangeLog store) : ISymbolChangeLog
{
    public bool IsAway { get; set; } = true;

    /// <summary>Calls that found it away.</summary>
    public int Refused { get; private set; }

    /// <summary>Calls that applied something.</summary>
    public int Applied { get; private set; }

    public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
        IsAway ? throw Refuse() : ApplyThereAsync(changes, cancellationToken);

    private ValueTask<ApplyOutcome> ApplyThereAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken)
    {
        Applied += changes.Count > 0 ? 1 : 0;
        return store.ApplyAsync(changes, cancellationToken);
    }

    public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken) =>
        IsAway ? throw Refuse() : store.ChangesAsync(source, cancellationToken);

    public ValueTask<long> RevisionAsync(CancellationToken cancellationToken) =>
        IsAway ? throw Refuse() : store.RevisionAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private StorageException Refuse()
    {
        Refused++;
        return new StorageException(StorageFault.Busy, "away");
    }
}
