using Crypto.TradeIngest.Binance.Rest;
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
    BinanceRestClient rest, IReadOnlyCollection<string> tickers, TimeSpan interval, ReferenceSync sync, TimeProvider clock,
    ILogger<ExchangeInfoPolling> logger)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    private readonly HashSet<string> _tickers = new(tickers, StringComparer.Ordinal);

    /// <summary>For one that has just read the list.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(interval, cancellationToken);

    /// <param name="first">Wait before the first look.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(TimeSpan first, CancellationToken cancellationToken)
    {
        try
        {
            for (var wait = first; ;)
            {
                await Task.Delay(wait, clock, cancellationToken);
                wait = await PollAsync(cancellationToken) || interval < Again ? interval : Again;
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
            var listed = await rest.GetExchangeInfoAsync(cancellationToken);
            var described = await sync.DescribedAsync(ChangeSource.ExchangeInfo, cancellationToken);
            var statements = listed
                .Where(symbol => _tickers.Contains(symbol.Ticker) || described.Contains(new NaturalKey(Exchange.Binance, symbol.Ticker)))
                .Select(ExchangeInfoStatements.From)
                .ToList();
            var keys = listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet();
            var outcome = await sync.SyncAsync(ChangeSource.ExchangeInfo, statements, cancellationToken, keys);
            if (outcome.NewChanges > 0) logger.LogInformation("exchangeInfo: {Changes} changes, {Versions} versions.", outcome.NewChanges, outcome.VersionsWritten);
            return true;
        }
        catch (WarehouseException refusal)
        {
            logger.LogError("exchangeInfo is not applied and what was known stays: {Message}", refusal.Message);
            return true;
        }
        catch (Exception failure) when (failure is ExchangeException or StorageException { IsTransient: true })
        {
            logger.LogWarning("exchangeInfo could not be read or applied, which is tried again: {Message}", failure.Message);
            return false;
        }
    }
}
