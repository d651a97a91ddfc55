using System.Buffers;
using System.Text.Json;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>
/// The list that trades and historicalTrades answer with:
/// <code>
/// [{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.00001200","time":1499865549590,
///   "isBuyerMaker":true,"isBestMatch":true}]
/// </code>
/// and that of aggTrades, each aggregate of one trade:
/// <code>
/// [{"a":28457,"p":"4.00000100","q":"12.00000000","f":28457,"l":28457,"T":1499865549590,"m":true,"M":true}]
/// </code>
/// </summary>
internal static class TradesJson
{
    private delegate void MemberWriter(Utf8JsonWriter json, in SimulatedTrade trade);

    public static ReadOnlyMemory<byte> Write(ITradeTape tape, int ordinal, long from, long to, bool microseconds) =>
        Write(tape, ordinal, from, to, (Utf8JsonWriter json, in SimulatedTrade trade) =>
        {
            json.WriteNumber("id"u8, trade.TradeId);
            Write(json, "price"u8, trade.Price.Scaled);
            Write(json, "qty"u8, trade.Quantity.Scaled);
            Write(json, "quoteQty"u8, Amount.TryMultiply(trade.Price, trade.Quantity, out var amount) ? amount.Scaled : 0);
            json.WriteNumber("time"u8, Unix(trade.TradeTime, microseconds));
            json.WriteBoolean("isBuyerMaker"u8, trade.BuyerIsMaker);
            json.WriteBoolean("isBestMatch"u8, true);
        });

    public static ReadOnlyMemory<byte> WriteAggregates(ITradeTape tape, int ordinal, long from, long to, bool microseconds) =>
        Write(tape, ordinal, from, to, (Utf8JsonWriter json, in SimulatedTrade trade) =>
        {
            json.WriteNumber("a"u8, trade.TradeId);
            Write(json, "p"u8, trade.Price.Scaled);
            Write(json, "q"u8, trade.Quantity.Scaled);
            json.WriteNumber("f"u8, trade.TradeId);
            json.WriteNumber("l"u8, trade.TradeId);
            json.WriteNumber("T"u8, Unix(trade.TradeTime, microseconds));
            json.WriteBoolean("m"u8, trade.BuyerIsMaker);
            json.WriteBoolean("M"u8, true);
        });

    public static long Unix(Timestamp time, bool microseconds) => microseconds ? time.Microseconds : time.Microseconds / 1000;

    private static ReadOnlyMemory<byte> Write(ITradeTape tape, int ordinal, long from, long to, MemberWriter write)
    {
        var body = new ArrayBufferWriter<byte>(64 + ((int)(to - from) * 192));
        using var json = new Utf8JsonWriter(body, RestApi.Relaxed);
        json.WriteStartArray();
        for (var k = from; k < to; k++)
        {
            tape.Read(ordinal, k, out var trade);
            json.WriteStartObject();
            write(json, in trade);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> name, long scaled)
    {
        Span<byte> text = stackalloc byte[FixedPoint.MaxLength];
        FixedPoint.TryFormat(scaled, text, out var length);
        json.WriteString(name, text[..length]);
    }
}
