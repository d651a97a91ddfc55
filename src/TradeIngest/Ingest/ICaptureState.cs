using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Ingest;

/// <summary>What has been captured of each symbol, for an ingest that starts.</summary>
internal interface ICaptureState
{
    /// <summary>Keeps what this process appends, where the log is where it is kept; else null.</summary>
    CaptureLedger? Ledger { get; }

    /// <summary>Seeds the tracker with what is captured; what is missing in it is a gap then.</summary>
    /// <exception cref="Warehouse.WarehouseException">The warehouse cannot be asked.</exception>
    /// <exception cref="Warehouse.StorageException">The log cannot be read.</exception>
    Task RestoreAsync(ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, CancellationToken cancellationToken);

    /// <summary>The same for symbols that are added while others are captured, as far as the tracker does not know them.</summary>
    /// <param name="publish">Takes what the log writer is to know.</param>
    Task RestoreAddedAsync(
        ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, Action<StreamEvent> publish, CancellationToken cancellationToken);
}
