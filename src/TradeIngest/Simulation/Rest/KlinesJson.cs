using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>
/// Klines as REST and streams write them. A list of them:
/// <code>
/// [[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,"2434.19055334",308,
///   "1756.87402397","28.46694368","0"]]
/// </code>
/// and the event:
/// <code>
/// {"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m","f":100,"L":200,
///  "o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0000","V":"500","Q":"0.500","B":"0"}}
/// </code>
/// </summary>
internal static class KlinesJson
{
    public static ReadOnlyMemory<byte> Write(IEnumerable<Kline> klines, bool microseconds)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(body, RestApi.Relaxed);
        json.WriteStartArray();
        foreach (var kline in klines)
        {
            json.WriteStartArray();
            json.WriteNumberValue(TradesJson.Unix(kline.Open, microseconds));
            json.WriteStringValue(kline.First.ToString());
            json.WriteStringValue(kline.High.ToString());
            json.WriteStringValue(kline.Low.ToString());
            json.WriteStringValue(kline.Last.ToString());
            json.WriteStringValue(Kline.Format(kline.Volume));
            json.WriteNumberValue(Close(kline, microseconds));
            json.WriteStringValue(Kline.Format(kline.Quote));
            json.WriteNumberValue(kline.Trades);
            json.WriteStringValue(Kline.Format(kline.TakerVolume));
            json.WriteStringValue(Kline.Format(kline.TakerQuote));
            json.WriteStringValue("0");
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.Flush();
        return body.WrittenMemory;
    }

    public static string Event(string ticker, string interval, in Kline kline, bool isClosed, Timestamp now, bool microseconds)
    {
        // The exchange has -1 for the ids of a kline without trades.
        var (first, last) = kline.Trades > 0 ? (kline.FirstId, kline.LastId) : (-1, -1);
        return string.Create(CultureInfo.InvariantCulture,
            $"{{\"e\":\"kline\",\"E\":{TradesJson.Unix(now, microseconds)},\"s\":\"{ticker}\",\"k\":{{"
            + $"\"t\":{TradesJson.Unix(kline.Open, microseconds)},\"T\":{Close(kline, microseconds)},"
            + $"\"s\":\"{ticker}\",\"i\":\"{interval}\","
            + $"\"f\":{first},\"L\":{last},\"o\":\"{kline.First}\",\"c\":\"{kline.Last}\",\"h\":\"{kline.High}\",\"l\":\"{kline.Low}\","
            + $"\"v\":\"{Kline.Format(kline.Volume)}\",\"n\":{kline.Trades},\"x\":{(isClosed ? "true" : "false")},"
            + $"\"q\":\"{Kline.Format(kline.Quote)}\",\"V\":\"{Kline.Format(kline.TakerVolume)}\","
            + $"\"Q\":\"{Kline.Format(kline.TakerQuote)}\",\"B\":\"0\"}}}}");
    }

    // The last instant that belongs to it, in the unit of the reply.
    private static long Close(in Kline kline, bool microseconds) => TradesJson.Unix(kline.Next, microseconds) - 1;
}
