using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Pipelines;

/// <summary>Has every trade from id 1 on but those it is told to lack.</summary>
internal sealed class FakeHistory : ITradeHistory
{
    public int MaxTrades { get; set; } = 1000;

    public List<(long From, int Limit)> Asked { get; } = [];

    /// <summary>The newest trade.</summary>
    public long Last { get; set; } = 1_000_000;

    public List<IdRange> Lacks { get; } = [];

    public Queue<ExchangeException> Failures { get; } = new();

    public async Task<TradeBatch> ReadTradesAsync(Symbol symbol, long fromId, int limit, CancellationToken token)
    {
        await Task.Yield();
        if (Failures.TryDequeue(out var failure)) throw failure;
        Asked.Add((fromId, limit));
        var batch = TradeBatch.Rent(limit);
        for (var id = fromId; batch.Count < limit && id <= Last; id++)
        {
            if (Lacks.Exists(range => range.To >= 100 && range.From <= id)) break;
            if (!Lacks.Exists(range => range.Contains(id))) batch.Add(Batches.Trade(symbol, id, source: IngestSource.Backfill));
        }

        return batch;
    }

    /// <summary>Trade N happens at N seconds.</summary>
    public Task<long?> FirstIdAtAsync(Symbol symbol, Timestamp time, CancellationToken token)
    {
        if (Failures.TryDequeue(out var failure)) throw failure;
        return Task.FromResult<long?>(Math.Clamp((time.Microseconds + 999_999) / 1_000_000, 1, Last + 1));
    }
}
