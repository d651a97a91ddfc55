using System.Collections.Immutable;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Streams;

/// <summary>
/// The symbols to capture, as chosen among those the exchange lists, and kept current: by the list, which is read at intervals, and by the
/// rules, which may change meanwhile. Thread-safe.
/// </summary>
/// <param name="exchange">Lists them.</param>
/// <param name="rules">What is wanted now: the same object while nothing changed.</param>
internal sealed class SymbolSelection(
    IExchange exchange, Func<SymbolRules> rules, SymbolSelectionOptions options, TimeProvider clock, ILogger<SymbolSelection> logger)
    : IDisposable
{
    private static readonly BackoffOptions Retries = new(TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1));

    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly SemaphoreSlim _keeping = new(1, 1);
    private readonly ListingDoubt _doubt = new(options.MaxDelistedPercent);
    private readonly Backoff _backoff = new(Retries, clock);
    private readonly HashSet<string> _unmatched = new(StringComparer.Ordinal);
    private readonly Latest<SelectedSymbols?> _selected = new(null);
    private SymbolRules? _applied;
    private ExchangeListing? _listing;
    private Timestamp _listedAt;
    private long _dueAt;

    /// <summary>What is wanted now.</summary>
    public SymbolRules Rules => rules();

    /// <summary>What is selected now, read once where it is not known yet, and what completes when that changes.</summary>
    /// <exception cref="ConfigurationException">The exchange does not list a symbol.</exception>
    /// <exception cref="ExchangeException">The exchange could not be asked or refused.</exception>
    public async Task<(SelectedSymbols Selected, Task Changed)> ReadAsync(CancellationToken cancellationToken)
    {
        using var _ = await _reading.EnterAsync(cancellationToken);
        if (_selected.Value is null)
        {
            await exchange.ConnectAsync(cancellationToken);
            Begin(await ListAsync(cancellationToken), rules());
        }

        var (selected, changed) = _selected.Read();
        return (selected!, changed);
    }

    /// <summary>Keeps it current until canceled. Of several callers one does, and another one when that one ends.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var _ = await _keeping.EnterAsync(cancellationToken);
            await Loop.EveryAsync(options.RulesInterval, RefreshIfDueAsync, clock, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // While another one keeps it.
        }
    }

    public void Dispose()
    {
        _reading.Dispose();
        _keeping.Dispose();
    }

    private async Task<ExchangeListing> ListAsync(CancellationToken cancellationToken)
    {
        // Before it is asked for: what is not on the list may begin to trade from then on.
        var at = Timestamp.Now(exchange.Clock);
        var listing = await exchange.GetSymbolsAsync(cancellationToken);
        (_listing, _listedAt) = (listing, at);
        _dueAt = clock.GetTimestamp() + (long)(options.ListInterval.TotalSeconds * clock.TimestampFrequency);
        return listing;
    }

    private void Begin(ExchangeListing listing, SymbolRules wanted)
    {
        var choice = wanted.Choose(listing);
        if (choice.Unlisted.Count > 0) throw ConfigurationException.Of(choice.Unlisted.Select(ticker => Unlisted(ticker, listing)));
        Report(choice);
        _applied = wanted;
        _selected.Set(choice.Chosen.Count > 0
            ? new SelectedSymbols(choice.Chosen, ImmutableDictionary<string, Timestamp>.Empty)
            : throw new ExchangeException(
                $"{options.Address} lists no symbol that trades, can be read and is selected by --symbols, so there is nothing to capture.",
                isTransient: true));
    }

    private async Task RefreshIfDueAsync(CancellationToken cancellationToken)
    {
        using var _ = await _reading.EnterAsync(cancellationToken);
        var wanted = rules();
        var isNew = !ReferenceEquals(wanted, _applied);
        if (_selected.Value is not { } before || (!isNew && clock.GetTimestamp() < _dueAt)) return;
        var (known, knownAt) = (_listing!, _listedAt);
        if (isNew) _unmatched.Clear();
        _applied = wanted;
        try
        {
            Refresh(before, known, knownAt, await ListAsync(cancellationToken), wanted);
            _backoff.Reset();
        }
        catch (ExchangeException failure)
        {
            var delay = _backoff.Next(failure.RetryAfter);
            delay = delay < options.ListInterval ? delay : options.ListInterval;
            _dueAt = clock.GetTimestamp() + (long)(delay.TotalSeconds * clock.TimestampFrequency);
            logger.ListNotRead(delay, failure.Message);
            if (isNew) Refresh(before, known, knownAt, known, wanted);
        }
    }

    /// <param name="before">What was selected.</param>
    /// <param name="known">The list before.</param>
    /// <param name="knownAt">When it was read.</param>
    /// <param name="listing">The list now.</param>
    private void Refresh(SelectedSymbols before, ExchangeListing known, Timestamp knownAt, ExchangeListing listing, SymbolRules wanted)
    {
        var choice = wanted.Choose(listing);
        Report(choice);
        var chosen = choice.Chosen.ToDictionary(symbol => symbol.Ticker, StringComparer.Ordinal);

        // Unreadable is not gone.
        var lost = before.Chosen
            .Where(symbol => !chosen.ContainsKey(symbol.Ticker) && wanted.Wants(symbol.Ticker))
            .ToLookup(symbol => listing.Unreadable.ContainsKey(symbol.Ticker));
        foreach (var symbol in lost[true]) chosen.Add(symbol.Ticker, symbol);
        var missing = lost[false].Select(symbol => symbol.Ticker).ToList();
        if (!ReferenceEquals(known, listing) && !_doubt.Believes(listing.Symbols.Count, before.Chosen.Count, missing))
        {
            logger.ListDoubted(listing.Symbols.Count, missing.Count, before.Chosen.Count);
            foreach (var symbol in lost[false]) chosen.Add(symbol.Ticker, symbol);
        }

        if (chosen.Count == 0)
        {
            logger.NothingSelected();
            return;
        }

        var traded = known.Symbols.Where(SymbolRules.IsTrading).Select(symbol => symbol.Ticker).ToHashSet(StringComparer.Ordinal);
        var begun = chosen.Values.Where(symbol => SymbolRules.IsTrading(symbol) && !traded.Contains(symbol.Ticker));
        var after = new SelectedSymbols(
            [.. chosen.Values],
            before.TradingSince.SetItems(begun.Select(symbol => KeyValuePair.Create(symbol.Ticker, knownAt))));
        var tickers = before.Chosen.Select(symbol => symbol.Ticker).ToHashSet(StringComparer.Ordinal);
        if (tickers.SetEquals(chosen.Keys)) return;
        var (added, removed) = (
            chosen.Keys.Where(ticker => !tickers.Contains(ticker)).ToList(), tickers.Where(ticker => !chosen.ContainsKey(ticker)).ToList());
        logger.SelectionChanged(chosen.Count, Describe(added), Describe(removed));
        _selected.Set(after);
    }

    private void Report(SymbolChoice choice)
    {
        foreach (var pattern in choice.Unlisted.Concat(choice.Unmatched))
        {
            if (_unmatched.Add(pattern)) logger.PatternUnmatched(options.Address, pattern);
        }
    }

    private static string Describe(List<string> tickers) => tickers.Count switch
    {
        0 => "none",
        <= 5 => string.Join(", ", tickers),
        _ => $"{string.Join(", ", tickers.Take(5))} and {tickers.Count - 5} others",
    };

    private string Unlisted(string ticker, ExchangeListing listing) => listing.Unreadable.TryGetValue(ticker, out var reason)
        ? $"{options.Address} lists '{ticker}' in a way that cannot be read: {reason} Leave it out of --symbols."
        : $"{options.Address} lists no symbol '{ticker}'{Suggestion(ticker, listing.Symbols.Select(symbol => symbol.Ticker))}. Tickers are "
            + "written without separators, such as BTCUSDT.";

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

/// <summary>What is selected.</summary>
/// <param name="TradingSince">
/// Of the symbols that began to trade while this process ran and were selected: when they were known not to trade yet.
/// </param>
internal sealed record SelectedSymbols(IReadOnlyList<ExchangeSymbol> Chosen, ImmutableDictionary<string, Timestamp> TradingSince);

/// <param name="Address">The exchange's, for messages.</param>
/// <param name="ListInterval">How often the list of symbols is read.</param>
/// <param name="RulesInterval">How often the rules are looked at.</param>
/// <param name="MaxDelistedPercent">Of the selected symbols, how many a single list may lack; one in any case.</param>
internal sealed record SymbolSelectionOptions(string Address, TimeSpan ListInterval, TimeSpan RulesInterval, int MaxDelistedPercent);
