namespace Crypto.TradeModel.Contract;

/// <summary>
/// The value of one record on the topic <c>stock_trades</c>: one JSON object per trade, with standard names.
/// <code>
/// {"version":1,"exchange":"BINANCE","symbol":"BTCUSDT","trade_id":6715234671,"price":"84106.09000000","quantity":"0.00007000",
///  "event_time":1790446152679000,"trade_time":1790446152678000,"received_time":1790446152701233,"aggressor_side":"SELL","source":"STREAM"}
/// </code>
/// Prices are decimal strings, times are UTC microseconds. Readers skip fields they do not know, so that adding one keeps
/// the version; a change of meaning raises it.
/// </summary>
public static partial class TradeJson
{
    public const int Version = 1;
}
