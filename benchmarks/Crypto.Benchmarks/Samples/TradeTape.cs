using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Samples;

/// <summary>
/// An endless tape of contiguous trades from a few batches that stay in the processor's cache, as a parser leaves them there: each
/// pass raises the ids in place.
/// </summary>
internal sealed class TradeTape
{
    public const int BatchSize = 1024;

    private const int Batches = 8;

    private readonly TradeBatch[] _batches;
    private readonly int _idsPerPass;

    public TradeTape(SymbolTable table)
    {
        var symbols = SampleTrades.Symbols(table);
        _idsPerPass = Batches * BatchSize / symbols.Length;
        _batches = [.. SampleTrades.Of(symbols, Batches * BatchSize).Chunk(BatchSize).Select(trades => Samples.Batches.Of(trades))];
    }

    /// <summary>The batch at a position of the tape; positions are to be taken in turn.</summary>
    public TradeBatch Next(int position)
    {
        var batch = _batches[position % Batches];
        foreach (ref var trade in batch.Trades) trade = trade with { TradeId = trade.TradeId + _idsPerPass };
        return batch;
    }
}
