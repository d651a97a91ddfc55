using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>Trades that really happened, with their ids, prices and times as recorded. Holes in the ids stay holes.</summary>
internal sealed class RecordedTape : ITradeTape
{
    private readonly SimulatedTrade[][] _trades;

    private RecordedTape(IReadOnlyList<Listing> listings, SimulatedTrade[][] trades)
    {
        Listings = listings;
        _trades = trades;
        Start = trades.SelectMany(list => list).Select(trade => trade.EventTime).DefaultIfEmpty().Min();
    }

    public IReadOnlyList<Listing> Listings { get; }

    public Timestamp Start { get; }

    /// <summary>Sorts the trades by id per symbol; of two with one id the first counts.</summary>
    /// <exception cref="ArgumentException">A ticker ends in no known quote asset.</exception>
    public static RecordedTape Of(IEnumerable<Trade> trades)
    {
        var bySymbol = trades
            .GroupBy(trade => trade.Symbol.Ticker, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .ToList();
        return new RecordedTape(
            [.. bySymbol.Select(group => ListingCatalog.Get(group.Key))],
            [.. bySymbol.Select(Sorted)]);
    }

    public Timestamp ListedAt(int ordinal) => Start;

    public long First(int ordinal) => 0;

    public long End(int ordinal) => _trades[ordinal].Length;

    public void Read(int ordinal, long k, out SimulatedTrade trade) => trade = _trades[ordinal][k];

    public long FirstAtOrAfter(int ordinal, long tradeId) => LowerBound(_trades[ordinal], trade => trade.TradeId < tradeId);

    // Recorded times follow the ids but for jitter between matching threads, which moves the answer by a trade or two.
    public long FirstAtOrAfter(int ordinal, Timestamp time) => LowerBound(_trades[ordinal], trade => trade.TradeTime < time);

    private static long LowerBound(SimulatedTrade[] trades, Func<SimulatedTrade, bool> before)
    {
        var low = 0;
        var high = trades.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (before(trades[middle])) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static SimulatedTrade[] Sorted(IEnumerable<Trade> trades) =>
        [.. trades.DistinctBy(trade => trade.TradeId).Select(Recorded).OrderBy(trade => trade.TradeId)];

    private static SimulatedTrade Recorded(Trade trade) =>
        new(trade.TradeId, trade.Price, trade.Quantity, trade.EventTime, trade.TradeTime, trade.Aggressor);
}
