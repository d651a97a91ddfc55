using System.Globalization;
using System.Text;
using Crypto.TradeModel.Trades;

namespace Crypto.Benchmarks.Samples;

/// <summary>The exchange's frames of trades, combined form, microseconds.</summary>
internal static class SampleFrames
{
#pragma warning disable CA1308 // Stream names are lower case by the exchange's definition.
    public static byte[] Of(in Trade trade) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"stream":"{{{trade.Symbol.Ticker.ToLowerInvariant()}}}@trade","data":"""
        + $$$"""{"e":"trade","E":{{{trade.EventTime.Microseconds}}},"s":"{{{trade.Symbol.Ticker}}}","t":{{{trade.TradeId}}}"""
        + $$$""","p":"{{{trade.Price}}}","q":"{{{trade.Quantity}}}","T":{{{trade.TradeTime.Microseconds}}}"""
        + $$$""","m":{{{(trade.Aggressor == AggressorSide.Sell ? "true" : "false")}}},"M":true}}"""));
#pragma warning restore CA1308

    public static byte[][] Of(ReadOnlySpan<Trade> trades)
    {
        var frames = new byte[trades.Length][];
        for (var i = 0; i < trades.Length; i++) frames[i] = Of(trades[i]);
        return frames;
    }
}
