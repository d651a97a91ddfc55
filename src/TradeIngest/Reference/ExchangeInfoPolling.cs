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
/// that did not trade when this process chose its symbols is kept current too. A symbol that vanished from the list is a delete; a list
/// that lacks too many at once is not believed before the next one lacks them, too, and an empty one never.
/// </summary>
internal sealed class ExchangeInfoPolling(
    IExchange exchange, IReadOnlyCollection<string> tickers, ExchangeInfoOptions options, ReferenceSync sync, TimeProvider clock,
    ILogger<ExchangeInfoPolling> logger)
{
    private readonly Backoff _backoff = new(new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)), clock);
    private readonly HashSet<string> _tickers = new(tickers, StringComparer.Ordinal);

    // What the list before lacked, where that was too much to be believed.
    private HashSet<NaturalKey> _unconfirmed = [];

    /// <summary>Reads the list at once, and at intervals until canceled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Loop.RunAsync(PollAsync, clock, cancellationToken);

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
            var assertions = listing.Symbols
                .Where(symbol => _tickers.Contains(symbol.Ticker) || described.ContainsKey(new NaturalKey(Exchange.Binance, symbol.Ticker)))
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
        var present = described.Where(symbol => symbol.Value).Select(symbol => symbol.Key).ToHashSet();
        var missing = present.Where(key => !listed.Contains(key)).ToHashSet();
        var isSmall = missing.Count <= Math.Max(1, present.Count * options.MaxDelistedPercent / 100);
        var isConfirmed = listed.Count > 0 && missing.IsSubsetOf(_unconfirmed);
        _unconfirmed = isSmall || isConfirmed ? [] : missing;
        if (listed.Count > 0 && (isSmall || isConfirmed)) return true;
        logger.ExchangeInfoDoubted(listed.Count, missing.Count, present.Count);
        return false;
    }
}

/// <param name="Interval">How often the list is read.</param>
/// <param name="MaxDelistedPercent">Of the known symbols, how many a single list may lack; one in any case.</param>
internal readonly record struct ExchangeInfoOptions(TimeSpan Interval, int MaxDelistedPercent);
