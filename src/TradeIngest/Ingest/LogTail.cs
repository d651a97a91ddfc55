using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Ingest;

/// <summary>
/// Where symbols stand, for an ingest that starts: what <c>capture_state</c> tells of each, and the ids among the last records of each
/// partition. What neither shows is missing from where the symbol's capture began, so the states alone are enough and the tail only
/// saves fetching again what was appended after the last state. A symbol without a state (of an earlier version) starts with the first
/// streamed trade of the tail, since a backfilled one may be far older.
/// </summary>
/// <param name="records">Records read back of each partition: 50,000 are minutes of a busy market, a second or two of reading.</param>
internal sealed class LogTail(ITradeLog log, int records, TimeProvider clock, ILogger<LogTail> logger)
{
    private const int RecordsPerRead = 8192;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    /// <param name="tracker">Is seeded with what is found.</param>
    /// <param name="keep">Takes the same for the state that is written next: where the symbol's capture began, and the ids.</param>
    /// <param name="symbols">Those wanted.</param>
    /// <returns>How many of the symbols were found.</returns>
    public async Task<int> SeedAsync(
        ContinuityTracker tracker, Action<Symbol, long, IdRangeSet> keep, IReadOnlyList<Symbol> symbols,
        CancellationToken cancellationToken)
    {
        var wanted = symbols.ToDictionary(symbol => symbol.Ticker, symbol => new Seen(symbol), StringComparer.Ordinal);
        await ReadStatesAsync(wanted, cancellationToken);
        await ReadTailAsync(wanted, cancellationToken);
        return wanted.Values.Count(seen => seen.Seed(tracker, keep));
    }

    /// <summary>To the end, however long it takes: each symbol's last state is somewhere, and compaction keeps the topic short.</summary>
    private async Task ReadStatesAsync(Dictionary<string, Seen> wanted, CancellationToken cancellationToken)
    {
        var range = await log.OffsetsAsync(Topics.CaptureState, 0, cancellationToken);
        await using var reader = log.OpenReader(Topics.CaptureState, new Dictionary<int, long> { [0] = range.First });
        while (reader.TryRead(RecordsPerRead) is { } slice)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var record in slice.Records.Span)
            {
                var reason = CaptureStateJson.TryRead(record.Value, out var state);
                if (state is null) logger.CaptureStateUnreadable(Topics.CaptureState, record.Offset, reason.Name());
                else if (wanted.TryGetValue(state.Ticker, out var seen)) seen.Add(state);
            }

            // What other ingest processes go on writing is about other symbols.
            if (slice.NextOffset >= range.Next) break;
        }
    }

    private async Task ReadTailAsync(Dictionary<string, Seen> wanted, CancellationToken cancellationToken)
    {
        var positions = new Dictionary<int, long>();
        for (var partition = 0; partition < log.PartitionsOf(Topics.StockTrades); partition++)
        {
            var range = await log.OffsetsAsync(Topics.StockTrades, partition, cancellationToken);
            positions[partition] = Math.Max(range.First, range.Next - records);
        }

        // Another table: the tail holds symbols of other shards.
        var others = new SymbolTable();
        var started = clock.GetTimestamp();
        await using var reader = log.OpenReader(Topics.StockTrades, positions);
        while (clock.GetElapsedTime(started) < Longest && reader.TryRead(RecordsPerRead) is { } slice)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (ref readonly var record in slice.Records.Span)
            {
                if (TradeJson.TryRead(record.Value.Span, others, out var trade) == ErrorReason.None
                    && wanted.TryGetValue(trade.Symbol.Ticker, out var seen))
                {
                    seen.Add(trade);
                }
            }
        }
    }

    private sealed class Seen(Symbol symbol)
    {
        private readonly IdRangeSet _ids = new();
        private long _began = long.MaxValue;
        private long _firstStreamed = long.MaxValue;

        public void Add(CaptureState state)
        {
            _began = Math.Min(_began, state.From);
            state.AddTo(_ids);
        }

        public void Add(in Trade trade)
        {
            if (!TradeQuality.Settles(in trade)) return;
            _ids.Add(trade.TradeId);
            if (trade.Source == IngestSource.Stream) _firstStreamed = Math.Min(_firstStreamed, trade.TradeId);
        }

        public bool Seed(ContinuityTracker tracker, Action<Symbol, long, IdRangeSet> keep)
        {
            if (_began == long.MaxValue && _ids.IsEmpty) return false;
            var from = _began != long.MaxValue ? _began : _firstStreamed != long.MaxValue ? _firstStreamed : _ids.Ranges[^1].From;
            if (from > 0) _ids.Remove(new IdRange(0, from - 1));
            tracker.Seed(symbol, _ids, from);
            keep(symbol, from, _ids);
            return true;
        }
    }
}
