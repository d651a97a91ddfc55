using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// Where one process does everything, the warehouse knows what is captured, once it has what an earlier run left in the log.
/// </summary>
/// <param name="warehouse">Knows the coverage of each symbol.</param>
/// <param name="caughtUp">Completes when the log is loaded.</param>
/// <param name="table">Of the trades captured.</param>
internal sealed class WarehouseCaptureState(IWarehouse warehouse, Task caughtUp, SymbolTable table) : ICaptureState
{
    public CaptureLedger? Ledger => null;

    public async Task RestoreAsync(ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, CancellationToken cancellationToken)
    {
        await caughtUp.WaitAsync(cancellationToken);
        foreach (var symbol in await warehouse.CoverageAsync(cancellationToken))
        {
            if (symbol.Captured.IsEmpty) continue;
            tracker.Seed(table.Intern(symbol.Key.Ticker), symbol.Captured.Settled(), symbol.Captured.Lowest);
        }
    }

    // What is in the warehouse was all restored, captured then or not.
    public Task RestoreAddedAsync(
        ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, Action<StreamEvent> publish, CancellationToken cancellationToken) =>
        Task.CompletedTask;
}
