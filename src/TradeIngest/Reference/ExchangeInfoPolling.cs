using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
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
    private readonly Backoff _backoff = new(new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), clock);
    private readonly HashSet<string> _tickers = new(tickers, StringComparer.Ordinal);

    /// <summary>Reads the list at once, and at intervals until canceled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Loop.RunAsync(PollAsync, clock, cancellationToken);

    /// <returns>When to do it again.</returns>
    private async Task<TimeSpan> PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            var listed = await exchange.GetSymbolsAsync(cancellationToken);
            var described = await sync.DescribedAsync(ChangeSource.ExchangeInfo, cancellationToken);
            var statements = listed
                .Where(symbol => _tickers.Contains(symbol.Ticker) || described.Contains(new NaturalKey(Exchange.Binance, symbol.Ticker)))
                .Select(ExchangeInfoAssertions.From)
                .ToList();
            var keys = listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet();
            var outcome = await sync.SyncAsync(ChangeSource.ExchangeInfo, statements, cancellationToken, keys);
            if (outcome.NewChanges > 0) logger.LogInformation(
                "exchangeInfo: {Changes} changes, {Versions} versions.", outcome.NewChanges, outcome.VersionsWritten);
            _backoff.Reset();
            return interval;
        }
        catch (WarehouseException refusal)
        {
            logger.LogError("exchangeInfo is not applied and what was known stays: {Message}", refusal.Message);
            return interval;
        }
        catch (Exception failure) when (failure is ExchangeException or StorageException { IsTransient: true })
        {
            logger.LogWarning("exchangeInfo could not be read or applied, which is tried again: {Message}", failure.Message);
            var wait = _backoff.Next((failure as ExchangeException)?.RetryAfter);
            return wait < interval ? wait : interval;
        }
    }
}
