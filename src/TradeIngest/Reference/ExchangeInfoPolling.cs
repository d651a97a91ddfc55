using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Reads the exchange's list of symbols now and then and applies what changed of the captured ones. A symbol that vanished from the
/// list is a delete.
/// </summary>
internal sealed class ExchangeInfoPolling(
    BinanceRestClient rest, IReadOnlyCollection<string> tickers, TimeSpan interval, ReferenceSync sync, TimeProvider clock,
    ILogger<ExchangeInfoPolling> logger)
{
    private readonly HashSet<string> _tickers = new(tickers, StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(interval, clock, cancellationToken);
                await PollAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way this loop ends.
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            var listed = await rest.GetExchangeInfoAsync(cancellationToken);
            var statements = listed.Where(symbol => _tickers.Contains(symbol.Ticker)).Select(ExchangeInfoStatements.From).ToList();
            var keys = listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet();
            var outcome = await sync.SyncAsync(ChangeSource.ExchangeInfo, statements, cancellationToken, keys);
            if (outcome.NewChanges == 0) return;
            logger.LogInformation("exchangeInfo: {Changes} changes, {Versions} versions.", outcome.NewChanges, outcome.VersionsWritten);
        }
        catch (WarehouseException refusal)
        {
            logger.LogError("exchangeInfo is not applied and what was known stays: {Message}", refusal.Message);
        }
        catch (ExchangeException failure)
        {
            logger.LogWarning("exchangeInfo could not be read and is asked for again in {Interval}: {Message}", interval, failure.Message);
        }
    }
}
