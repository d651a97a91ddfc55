using System.Collections.Concurrent;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Carries <c>symbol_changes</c> into the warehouse, ahead of the trades that need them: a batch with a symbol not seen yet waits
/// until the topic is read to its end. The topic is read from its start each time, since the warehouse knows which changes it has.
/// Safe for concurrent callers.
/// </summary>
internal sealed class SymbolGate(
    ITradeLog log, ISymbolChangeLog warehouse, TradeIngestMetrics metrics, TimeProvider clock,
    ILogger<SymbolGate> logger) : IAsyncDisposable
{
    private const int StatementsPerRead = 4096;

    // The warehouse folds the whole history of each symbol that an application speaks of, so few large ones are cheaper.
    private const int StatementsPerApply = 64 * 1024;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private readonly SemaphoreSlim _reading = new(1, 1);
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    // Read and not applied yet: the reader is past them, and a warehouse that fails for the time being gets them again.
    private readonly List<SymbolChange> _read = [];
    private ILogReader? _reader;

    /// <summary>Makes sure that what the topic says of these trades' symbols is in the warehouse.</summary>
    public async ValueTask PassAsync(ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken)
    {
        if (AllKnown(trades.Span)) return;
        await CatchUpAsync(cancellationToken);
        foreach (var ticker in Unknown(trades.Span))
        {
            // Once: it stays inferred until it is described, which changes nothing for the trade.
            if (!_known.TryAdd(ticker, true)) continue;
            logger.SymbolInferred(Topics.SymbolChanges, ticker);
        }
    }

    /// <summary>Applies all changes there are now.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        using var _ = await _reading.EnterAsync(cancellationToken);
        _reader ??= log.OpenReader(
            Topics.SymbolChanges,
            new Dictionary<int, long> { [0] = (await log.OffsetsAsync(Topics.SymbolChanges, 0, cancellationToken)).First });
        while (_reader.TryRead(StatementsPerRead) is { } slice)
        {
            _read.AddRange(Read(slice));
            if (_read.Count >= StatementsPerApply) await ApplyAsync();
        }

        await ApplyAsync();
        metrics.Sink.SymbolPolls.Increment();
    }

    /// <summary>Applies changes as they come, until canceled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Loop.EveryAsync(PollInterval, TryCatchUpAsync, clock, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _reading.WaitAsync(CancellationToken.None);
        if (_reader is not null) await _reader.DisposeAsync();
        _reading.Dispose();
    }

    private async Task TryCatchUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CatchUpAsync(cancellationToken);
        }
        catch (StoreException failure) when (failure.IsTransient)
        {
            logger.SymbolChangesUnreadable(Topics.SymbolChanges, PollInterval, failure.Message);
        }
    }

    private async Task ApplyAsync()
    {
        await warehouse.ApplyAsync(_read, CancellationToken.None);
        foreach (var change in _read) _known[change.Key.Ticker] = true;
        _read.Clear();
    }

    private List<SymbolChange> Read(ConsumedBatch slice)
    {
        var changes = new List<SymbolChange>();
        foreach (var record in slice.Records.Span)
        {
            var reason = SymbolChangeJson.TryRead(record.Value, out var change);
            if (change is not null)
            {
                changes.Add(change);
                continue;
            }

            metrics.Sink.UnreadableChanges.Increment();
            logger.SymbolChangeMalformed(Topics.SymbolChanges, record.Offset, reason.Name());
        }

        return changes;
    }

    private bool AllKnown(ReadOnlySpan<Trade> trades)
    {
        TradeModel.Symbols.Symbol? last = null;
        foreach (ref readonly var trade in trades)
        {
            if (ReferenceEquals(trade.Symbol, last)) continue;
            last = trade.Symbol;
            if (!_known.ContainsKey(last.Ticker)) return false;
        }

        return true;
    }

    private HashSet<string> Unknown(ReadOnlySpan<Trade> trades)
    {
        var unknown = new HashSet<string>(StringComparer.Ordinal);
        foreach (ref readonly var trade in trades)
        {
            if (!_known.ContainsKey(trade.Symbol.Ticker)) unknown.Add(trade.Symbol.Ticker);
        }

        return unknown;
    }
}
