using Crypto.TradeIngest.Configuration;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Streams;

/// <summary>The symbols to capture, as chosen among those the exchange lists; read once.</summary>
/// <param name="exchange">Lists them.</param>
/// <param name="tickers">Those wanted; <c>ALL</c> alone for every one that trades.</param>
/// <param name="address">The exchange's, for messages.</param>
internal sealed class SymbolSelection(IExchange exchange, IReadOnlyList<string> tickers, string address) : IDisposable
{
    private readonly SemaphoreSlim _reading = new(1, 1);
    private IReadOnlyList<ExchangeSymbol>? _chosen;

    /// <exception cref="ConfigurationException">The exchange does not list a symbol.</exception>
    /// <exception cref="ExchangeException">The exchange could not be asked or refused.</exception>
    public async Task<IReadOnlyList<ExchangeSymbol>> ReadAsync(CancellationToken cancellationToken)
    {
        using var _ = await _reading.EnterAsync(cancellationToken);
        if (_chosen is not null) return _chosen;
        await exchange.ConnectAsync(cancellationToken);
        var chosen = Choose(await exchange.GetSymbolsAsync(cancellationToken));
        return chosen.Count > 0 ? _chosen = chosen : throw new ExchangeException(
            $"{address} lists no symbol that trades and can be read, so there is nothing to capture.", isTransient: true);
    }

    public void Dispose() => _reading.Dispose();

    private List<ExchangeSymbol> Choose(ExchangeListing listing)
    {
        var listed = listing.Symbols;
        if (tickers is ["ALL"]) return [.. listed.Where(symbol => symbol.Status == "TRADING" && symbol.IsSpotTradingAllowed)];
        var byTicker = listed.ToDictionary(symbol => symbol.Ticker, StringComparer.Ordinal);
        var unknown = tickers.Where(ticker => !byTicker.ContainsKey(ticker)).ToList();
        return unknown.Count == 0
            ? [.. tickers.Select(ticker => byTicker[ticker])]
            : throw ConfigurationException.Of(unknown.Select(ticker => listing.Unreadable.TryGetValue(ticker, out var reason)
                ? $"{address} lists '{ticker}' in a way that cannot be read: {reason} Leave it out of --symbols."
                : $"{address} lists no symbol '{ticker}'{Suggestion(ticker, byTicker.Keys)}. Tickers are written without separators, such "
                    + "as BTCUSDT."));
    }

    private static string Suggestion(string ticker, IEnumerable<string> known)
    {
        var plain = new string([.. ticker.Where(char.IsLetterOrDigit)]);
        var near = known
            .Where(candidate => candidate == plain || candidate == plain + "T" || candidate.StartsWith(plain, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Take(3)
            .ToList();
        return near.Count == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?";
    }
}
