using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>Waits until the reference role has described symbols: each is registered before it is subscribed.</summary>
internal sealed class SymbolDescriptions(ISymbolChangeLog changes, TimeProvider clock, ILogger<SymbolDescriptions> logger)
{
    private const int PollsPerMessage = 100;

    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromMilliseconds(100);

    public async Task WaitForAsync(IReadOnlyCollection<string> tickers, CancellationToken cancellationToken)
    {
        var interval = FirstInterval;
        for (var polls = 1; ; polls++)
        {
            var described = await changes.ChangesAsync(ChangeSource.ExchangeInfo, cancellationToken);
            var awaited = tickers.Except(described.Select(change => change.Key.Ticker), StringComparer.Ordinal).ToList();
            if (awaited.Count == 0) return;
            if (polls % PollsPerMessage == PollsPerMessage / 10)
            {
                logger.AwaitingDescriptions(awaited.Count, awaited[0]);
            }

            await Task.Delay(interval, clock, cancellationToken);
            interval = interval * 2 < LongestInterval ? interval * 2 : LongestInterval;
        }
    }
}
