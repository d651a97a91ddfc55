using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Reads the exchange's list of symbols now and then, and when the selection changes, and applies what changed of the selected ones, and of
/// those described before: one that is not selected any more is kept current too. A symbol that vanished from the list is a delete; a list
/// that lacks too many at once is not believed before the next one lacks them, too, and an empty one never.
/// </summary>
internal sealed class ExchangeInfoPolling(
    IExchange exchange, SymbolSelection selection, ExchangeInfoOptions options, ReferenceSync sync, TimeProvider clock,
    ILogger<ExchangeInfoPolling> logger)
{
    private readonly Backoff _backoff = new(new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), clock);
    private readonly ListingDoubt _doubt = new(options.MaxDelistedPercent);

    /// <summary>Reads the list at once, and at intervals until canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var (_, changed) = await selection.ReadAsync(cancellationToken);
                using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                await Task.WhenAny(changed, Task.Delay(await PollAsync(cancellationToken), clock, waiting.Token));
                await waiting.CancelAsync();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a loop ends.
        }
    }

    /// <returns>When to do it again.</returns>
    private async Task<TimeSpan> PollAsync(CancellationToken cancellationToken)
    {
        try
        {
            var listing = await exchange.GetSymbolsAsync(cancellationToken);
            var described = await sync.DescribedAsync(ChangeSource.ExchangeInfo, cancellationToken);
            var keys = listing.Symbols.Select(symbol => symbol.Ticker).Concat(listing.Unreadable.Keys)
                .Select(ticker => new NaturalKey(Exchange.Binance, ticker)).ToHashSet();
            if (!IsBelievable(keys, described)) return options.Interval;
            var chosen = selection.Rules.Choose(listing).Chosen.Select(symbol => symbol.Ticker).ToHashSet(StringComparer.Ordinal);
            var assertions = listing.Symbols
                .Where(symbol => chosen.Contains(symbol.Ticker) || described.ContainsKey(new NaturalKey(Exchange.Binance, symbol.Ticker)))
                .Select(ExchangeInfoAssertions.From)
                .ToList();
            var outcome = await sync.SyncAsync(ChangeSource.ExchangeInfo, assertions, cancellationToken, keys);
            if (outcome.NewChanges > 0) logger.ExchangeInfoApplied(outcome.NewChanges, outcome.VersionsWritten);
            _backoff.Reset();
            return options.Interval;
        }
        catch (WarehouseException refusal)
        {
            logger.ExchangeInfoRefused(refusal.Message);
            return options.Interval;
        }
        catch (Exception failure) when (failure is ExchangeException or StorageException { IsTransient: true })
        {
            logger.ExchangeInfoPostponed(failure.Message);
            var wait = _backoff.Next((failure as ExchangeException)?.RetryAfter);
            return wait < options.Interval ? wait : options.Interval;
        }
    }

    private bool IsBelievable(HashSet<NaturalKey> listed, IReadOnlyDictionary<NaturalKey, bool> described)
    {
        var present = described.Where(symbol => symbol.Value).Select(symbol => symbol.Key).ToList();
        var missing = present.Where(key => !listed.Contains(key)).Select(key => key.Ticker).ToList();
        if (_doubt.Believes(listed.Count, present.Count, missing)) return true;
        logger.ExchangeInfoDoubted(listed.Count, missing.Count, present.Count);
        return false;
    }
}

/// <param name="Interval">How often the list is read.</param>
/// <param name="MaxDelistedPercent">Of the known symbols, how many a single list may lack; one in any case.</param>
internal readonly record struct ExchangeInfoOptions(TimeSpan Interval, int MaxDelistedPercent);
