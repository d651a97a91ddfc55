using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>
/// Where symbols stand, read from the last records of each partition: ids seen there are covered, holes between them are open. Only
/// holes after the first streamed trade count, since a backfilled one may be far older than the tail.
/// </summary>
internal sealed class LogTail(ITradeLog log, TimeProvider clock)
{
    /// <summary>Records read back of each partition: minutes of a busy market, a second or two of reading.</summary>
    private const int RecordsPerPartition = 50_000;

    private const int RecordsPerRead = 8192;

    /// <returns>How many of the symbols were found.</returns>
    public async Task<int> SeedAsync(ContinuityTracker tracker, IReadOnlyList<Symbol> symbols, CancellationToken cancellationToken)
    {
        var wanted = symbols.ToDictionary(symbol => symbol.Ticker, symbol => new Seen(symbol), StringComparer.Ordinal);
        var positions = new Dictionary<int, long>();
        for (var partition = 0; partition < log.PartitionsOf(Topics.StockTrades); partition++)
        {
            var range = await log.OffsetsAsync(Topics.StockTrades, partition, cancellationToken);
            positions[partition] = Math.Max(range.First, range.Next - RecordsPerPartition);
        }

        // Another table: the tail holds symbols of other shards.
        var others = new SymbolTable();
        var started = clock.GetTimestamp();
        await using (var reader = log.OpenReader(Topics.StockTrades, positions))
        {
            while (!cancellationToken.IsCancellationRequested && clock.GetElapsedTime(started) < TimeSpan.FromMinutes(1)
                && reader.TryRead(RecordsPerRead) is { } slice)
            {
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

        return wanted.Values.Count(seen => seen.Seed(tracker));
    }

    private sealed class Seen(Symbol symbol)
    {
        private readonly IdRangeSet _ids = new();
        private long _firstStreamed = long.MaxValue;

        public void Add(in Trade trade)
        {
            if (trade.TradeId is < 0 or > TradeQuality.MaxTradeId) return;
            _ids.Add(trade.TradeId);
            if (trade.Source == IngestSource.Stream) _firstStreamed = Math.Min(_firstStreamed, trade.TradeId);
        }

        public bool Seed(ContinuityTracker tracker)
        {
            if (_ids.IsEmpty) return false;
            var from = _firstStreamed == long.MaxValue ? _ids.Ranges[^1].From : _firstStreamed;
            if (from > 0) _ids.Remove(new IdRange(0, from - 1));
            tracker.Seed(symbol, _ids);
            return true;
        }
    }
}
