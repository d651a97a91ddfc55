using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Reads the exchange's list of symbols now and then and applies what changed of the captured ones, and of those described before: one
/// that did not trade when this process chose its symbols is kept current too. A symbol that vanished from the list is a delete.
/// </summary>
internal sealed class ExchangeInfoPolling(
    IExchange exchange, IReadOnlyCollection<string> tickers, TimeSpan interval, ReferenceSync sync, TimeProvider clock,
    ILogger<ExchangeInfoPolling> logger)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _tickers = new(tickers, StringComparer.Ordinal);

    /// <summary>Reads the list at once, and at intervals until canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var wait = await PollAsync(cancellationToken) || interval < Again ? interval : Again;
                await Task.Delay(wait, clock, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    /// <returns>False when it is to be done again soon.</returns>
    private async Task<bool> PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            var listed = await exchange.GetSymbolsAsync(cancellationToken);
            var described = await sync.DescribedAsync(ChangeSource.ExchangeInfo, cancellationToken);
            var assertions = listed
                .Where(symbol => _tickers.Contains(symbol.Ticker) || described.Contains(new NaturalKey(Exchange.Binance, symbol.Ticker)))
                .Select(ExchangeInfoAssertions.From)
                .ToList();
            var keys = listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet();
            var outcome = await sync.SyncAsync(ChangeSource.ExchangeInfo, assertions, cancellationToken, keys);
            if (outcome.NewChanges > 0) logger.ExchangeInfoApplied(outcome.NewChanges, outcome.VersionsWritten);
            return true;
        }
        catch (WarehouseException refusal)
        {
            logger.ExchangeInfoRefused(refusal.Message);
            return true;
        }
        catch (Exception failure) when (failure is ExchangeException or StorageException { IsTransient: true })
        {
            logger.ExchangeInfoPostponed(failure.Message);
            return false;
        }
    }
}
