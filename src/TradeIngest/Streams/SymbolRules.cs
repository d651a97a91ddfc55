namespace Crypto.TradeIngest.Streams;

/// <summary>Which symbols are wanted, in tickers and patterns (<see cref="SymbolPattern"/>).</summary>
/// <param name="Symbols">Those configured.</param>
/// <param name="Exclude">Those of them that are not wanted all the same.</param>
/// <param name="Edits">Changes on top, the oldest first: of several that match a symbol the last one holds.</param>
internal sealed record SymbolRules(
    IReadOnlyList<string> Symbols, IReadOnlyList<string> Exclude, IReadOnlyList<SymbolEdit> Edits)
{
    public bool Wants(string ticker) => Edits.LastOrDefault(edit => SymbolPattern.Matches(edit.Pattern, ticker)) is { } edit
        ? edit.IsAdded
        : Symbols.Any(pattern => SymbolPattern.Matches(pattern, ticker))
            && !Exclude.Any(pattern => SymbolPattern.Matches(pattern, ticker));

    /// <summary>
    /// The symbols wanted of those listed: what is named by its ticker whatever its status is, so that none of its trades is missed when
    /// it trades again; what a pattern matches while it trades.
    /// </summary>
    public SymbolChoice Choose(ExchangeListing listing)
    {
        var named = Symbols.Concat(Edits.Where(edit => edit.IsAdded).Select(edit => edit.Pattern))
            .Where(SymbolPattern.IsTicker).ToHashSet(StringComparer.Ordinal);
        var listed = listing.Symbols.Select(symbol => symbol.Ticker).ToHashSet(StringComparer.Ordinal);
        return new SymbolChoice(
            [.. listing.Symbols.Where(symbol => Wants(symbol.Ticker) && (named.Contains(symbol.Ticker) || IsTrading(symbol)))],
            [.. Symbols.Where(SymbolPattern.IsTicker).Where(ticker => !listed.Contains(ticker) && Wants(ticker))],
            [
                .. Symbols.Where(pattern => !SymbolPattern.IsTicker(pattern))
                    .Concat(Exclude)
                    .Concat(Edits.Select(edit => edit.Pattern).Where(pattern => !SymbolPattern.IsTicker(pattern)))
                    .Where(pattern => !listed.Any(ticker => SymbolPattern.Matches(pattern, ticker))),
                .. Edits.Select(edit => edit.Pattern).Where(SymbolPattern.IsTicker)
                    .Where(ticker => !listed.Contains(ticker) && Wants(ticker)),
            ]);
    }

    public static bool IsTrading(ExchangeSymbol symbol) => symbol.Status == "TRADING" && symbol.IsSpotTradingAllowed;
}

/// <summary>A change of what is wanted, made while the service may run.</summary>
/// <param name="Pattern">A ticker or pattern.</param>
internal sealed record SymbolEdit(bool IsAdded, string Pattern);

/// <summary>What rules choose of a list.</summary>
/// <param name="Unlisted">Tickers configured that the list lacks.</param>
/// <param name="Unmatched">Everything else that matches nothing on the list.</param>
internal sealed record SymbolChoice(
    IReadOnlyList<ExchangeSymbol> Chosen, IReadOnlyList<string> Unlisted, IReadOnlyList<string> Unmatched);
