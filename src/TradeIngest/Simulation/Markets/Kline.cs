using System.Globalization;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>The trades of one stretch of time in a few figures. Sums are scaled by 1e8 and do not overflow.</summary>
internal record struct Kline(Timestamp Open, Timestamp Next)
{
    public Price First { get; private set; }

    public Price High { get; private set; }

    public Price Low { get; private set; }

    public Price Last { get; private set; }

    public Int128 Volume { get; private set; }

    public Int128 Quote { get; private set; }

    public Int128 TakerVolume { get; private set; }

    public Int128 TakerQuote { get; private set; }

    /// <summary>Without any the prices are the last one before.</summary>
    public long Trades { get; private set; }

    /// <summary>Meaningless without trades, as <see cref="LastId"/>.</summary>
    public long FirstId { get; private set; }

    public long LastId { get; private set; }

    /// <summary>A kline without trades.</summary>
    public static Kline Empty(Timestamp open, Timestamp next, Price price) =>
        new(open, next) { First = price, High = price, Low = price, Last = price };

    public void Add(in SimulatedTrade trade)
    {
        Int128 quantity = trade.Quantity.Scaled;
        Int128 amount = Amount.TryMultiply(trade.Price, trade.Quantity, out var product) ? product.Scaled : 0;
        Add(new Kline(Open, Next)
        {
            First = trade.Price,
            High = trade.Price,
            Low = trade.Price,
            Last = trade.Price,
            Volume = quantity,
            Quote = amount,
            TakerVolume = trade.BuyerIsMaker ? 0 : quantity,
            TakerQuote = trade.BuyerIsMaker ? 0 : amount,
            Trades = 1,
            FirstId = trade.TradeId,
            LastId = trade.TradeId,
        });
    }

    /// <summary>Adds later trades.</summary>
    public void Add(in Kline later)
    {
        if (Trades == 0) (First, High, Low, FirstId) = (later.First, later.High, later.Low, later.FirstId);
        if (later.High > High) High = later.High;
        if (later.Low < Low) Low = later.Low;
        (Last, LastId) = (later.Last, later.LastId);
        Volume += later.Volume;
        Quote += later.Quote;
        TakerVolume += later.TakerVolume;
        TakerQuote += later.TakerQuote;
        Trades += later.Trades;
    }

    /// <summary>A sum as the exchange writes it: <c>148976.11427815</c>.</summary>
    public static string Format(Int128 sum) =>
        string.Create(CultureInfo.InvariantCulture, $"{sum / FixedPoint.One}.{sum % FixedPoint.One:D8}");
}
