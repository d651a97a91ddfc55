using Crypto.TradeModel.Numbers;

namespace Crypto.TradeIngest.Streams;

/// <summary>One symbol of <c>exchangeInfo</c>, as far as this service uses it.</summary>
/// <param name="Status">TRADING, END_OF_DAY, HALT, BREAK or CANCEL_ONLY; others may come.</param>
/// <param name="TickSize">Step of the price, from PRICE_FILTER; null when there is none.</param>
/// <param name="StepSize">Step of the quantity, from LOT_SIZE; null when there is none.</param>
internal sealed record ExchangeSymbol(
    string Ticker,
    string Status,
    string BaseAsset,
    string QuoteAsset,
    Price? TickSize,
    Quantity? StepSize,
    bool IsSpotTradingAllowed);
