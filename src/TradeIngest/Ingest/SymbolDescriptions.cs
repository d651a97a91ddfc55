using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>Waits until the reference role has described symbols: each is registered before it is subscribed.</summary>
internal sealed class SymbolDescriptions(ISymbolChangeLog changes, TimeProvider clock, ILogger<SymbolDescriptions> logger)
{
    private const int PollsPerMessage = 100;

    private static readonly BackoffOptions Polls = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(100));

    private HashSet<string> _described = new(StringComparer.Ordinal);
    private long _revision = -1;

    /// <summary>Those of the tickers that are described now. Cheap while nothing was added.</summary>
    public async Task<IReadOnlyCollection<string>> DescribedAsync(
        IReadOnlyCollection<string> tickers, CancellationToken cancellationToken)
    {
        var revision = await changes.RevisionAsync(cancellationToken);
        if (revision != _revision)
        {
            var described = await changes.ChangesAsync(ChangeSource.ExchangeInfo, cancellationToken);
            _described = described.Select(change => change.Key.Ticker).ToHashSet(StringComparer.Ordinal);
            _revision = revision;
        }

        return [.. tickers.Where(_described.Contains)];
    }

    public async Task WaitForAsync(IReadOnlyCollection<string> tickers, CancellationToken cancellationToken)
    {
        var awaited = tickers.ToHashSet(StringComparer.Ordinal);
        var interval = new Backoff(Polls, clock);
        for (var (polls, seen) = (1, -1L); ; polls++)
        {
            // Asked for first: what is added in between is read again, and not missed.
            var revision = await changes.RevisionAsync(cancellationToken);
            if (revision != seen)
            {
                var described = await changes.ChangesAsync(ChangeSource.ExchangeInfo, cancellationToken);
                awaited.ExceptWith(described.Select(change => change.Key.Ticker));
                if (awaited.Count == 0) return;
                seen = revision;
            }

            if (polls % PollsPerMessage == PollsPerMessage / 10)
            {
                logger.AwaitingDescriptions(awaited.Count, awaited.First());
            }

            await interval.WaitAsync(cancellationToken);
        }
    }
}
