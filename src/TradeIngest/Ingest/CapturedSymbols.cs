using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// What is captured, brought to what is selected while trades flow. A symbol is removed at once; one is added when it is described and it
/// is known where its capture begins: where it stood when it was captured before, with its first trade when it was listed while this
/// process ran, else with its next one.
/// </summary>
internal sealed class CapturedSymbols(
    IngestParts parts, IngestPipeline pipeline, GapBackfill backfill, TimeProvider clock, ILogger<CapturedSymbols> logger)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<string> _awaited = new(StringComparer.Ordinal);

    /// <summary>What is captured; empty until it is known.</summary>
    public IReadOnlyList<Symbol> Symbols { get; private set; } = [];

    /// <summary>Waits until what is selected is described, and begins with it.</summary>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        var (selected, _) = await parts.Selection.ReadAsync(cancellationToken);
        await parts.Descriptions.WaitForAsync([.. selected.Chosen.Select(symbol => symbol.Ticker)], cancellationToken);
        Set([.. selected.Chosen.Select(symbol => parts.Table.Intern(symbol.Ticker))]);
        await parts.State.RestoreAsync(pipeline.Tracker, Symbols, cancellationToken);
    }

    /// <summary>Follows the selection until canceled.</summary>
    public async Task RunAsync(ITradeStream stream, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var (selected, changed) = await parts.Selection.ReadAsync(cancellationToken);
                if (await TryFollowAsync(selected, stream, cancellationToken)) await changed.WaitAsync(cancellationToken);
                else await Task.WhenAny(changed, Task.Delay(RetryDelay, clock, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a loop ends.
        }
    }

    /// <returns>Whether everything that is selected is captured.</returns>
    private async Task<bool> TryFollowAsync(SelectedSymbols selected, ITradeStream stream, CancellationToken cancellationToken)
    {
        var wanted = selected.Chosen.Select(symbol => symbol.Ticker).ToHashSet(StringComparer.Ordinal);
        List<Symbol> kept = [.. Symbols.Where(symbol => wanted.Contains(symbol.Ticker))];
        wanted.ExceptWith(kept.Select(symbol => symbol.Ticker));
        if (kept.Count < Symbols.Count) Change(kept, stream);
        if (wanted.Count == 0) return true;

        var described = await DescribedAsync(wanted, cancellationToken);
        List<Symbol> added = [];
        foreach (var symbol in described.Select(parts.Table.Intern))
        {
            if (await TryBeginAsync(symbol, selected, cancellationToken)) added.Add(symbol);
        }

        if (added.Count > 0)
        {
            await parts.State.RestoreAddedAsync(
                pipeline.Tracker, [.. added.Where(symbol => pipeline.Tracker.First(symbol) is null)], pipeline.Channel.OnNext,
                cancellationToken);
            backfill.EnqueueOpenGaps();
            Change([.. Symbols, .. added], stream);
        }

        return added.Count == wanted.Count;
    }

    private async Task<IReadOnlyCollection<string>> DescribedAsync(HashSet<string> wanted, CancellationToken cancellationToken)
    {
        try
        {
            var described = await parts.Descriptions.DescribedAsync(wanted, cancellationToken);
            var missing = wanted.Except(described, StringComparer.Ordinal).ToList();
            if (missing.Exists(_awaited.Add)) logger.AwaitingDescriptions(missing.Count, missing[0]);
            _awaited.IntersectWith(missing);
            return described;
        }
        catch (StorageException failure) when (failure.IsTransient)
        {
            logger.AddingPostponed(wanted.Count, failure.Message);
            return [];
        }
    }

    /// <summary>A symbol that was listed while this process ran is captured from its first trade on.</summary>
    /// <returns>False when the exchange cannot say yet.</returns>
    private async Task<bool> TryBeginAsync(Symbol symbol, SelectedSymbols selected, CancellationToken cancellationToken)
    {
        if (!selected.TradingSince.TryGetValue(symbol.Ticker, out var since) || pipeline.Tracker.First(symbol) is not null) return true;
        try
        {
            using var first = await parts.Exchange.History.ReadTradesAsync(symbol, fromId: 0, limit: 1, cancellationToken);

            // One that traded long before, and paused, goes on with its next trade. Ids of a new one begin at 0.
            if (first.Count > 0 && first.Trades[0].TradeTime < since) return true;
            pipeline.Tracker.Seed(symbol, new IdRangeSet(), first.Count > 0 ? first.Trades[0].TradeId : 0);
            return true;
        }
        catch (ExchangeException failure)
        {
            if (failure.IsTransient) logger.AddingPostponed(1, failure.Message);
            return !failure.IsTransient;
        }
    }

    private void Change(List<Symbol> symbols, ITradeStream stream)
    {
        logger.CaptureChanged(symbols.Count, symbols.Except(Symbols).Count(), Symbols.Except(symbols).Count());
        Set(symbols);
        stream.Capture(symbols);
    }

    private void Set(IReadOnlyList<Symbol> symbols)
    {
        Symbols = symbols;
        backfill.Follow(symbols);
        parts.Report?.Invoke([.. symbols.Select(symbol => symbol.Ticker)]);
    }
}
