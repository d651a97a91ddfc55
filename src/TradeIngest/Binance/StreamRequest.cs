using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Control messages to the exchange.
/// <code>{"method":"SUBSCRIBE","params":["btcusdt@trade","ethusdt@trade"],"id":1}</code>
/// </summary>
internal static class StreamRequest
{
    public const string Subscribe = "SUBSCRIBE";
    public const string Unsubscribe = "UNSUBSCRIBE";
    public const string ListSubscriptions = "LIST_SUBSCRIPTIONS";

    // {"method":"UNSUBSCRIBE","params":[],"id":} and 19 digits.
    private const int Envelope = 64;

    // Names go out as they are: escaped letters would be other names to a careless server, and longer.
    private static readonly JsonWriterOptions Unescaped = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string TradeStream(Symbol symbol)
    {
        // Stream names are lower case by the exchange's definition.
#pragma warning disable CA1308
        return symbol.Ticker.ToLowerInvariant() + "@trade";
#pragma warning restore CA1308
    }

    public static byte[] Encode(string method, IReadOnlyList<string> streams, long id)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Unescaped))
        {
            writer.WriteStartObject();
            writer.WriteString("method"u8, method);
            if (streams.Count > 0)
            {
                writer.WriteStartArray("params"u8);
                foreach (var stream in streams) writer.WriteStringValue(stream);
                writer.WriteEndArray();
            }

            writer.WriteNumber("id"u8, id);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Cuts the names, in order, into requests that stay within <paramref name="maxBytes"/> each.</summary>
    public static IEnumerable<IReadOnlyList<string>> Split(IEnumerable<string> streams, int maxBytes)
    {
        var part = new List<string>();
        var bytes = Envelope;
        foreach (var stream in streams)
        {
            var length = JsonEncodedText.Encode(stream, Unescaped.Encoder).EncodedUtf8Bytes.Length + 3;
            if (part.Count > 0 && bytes + length > maxBytes)
            {
                yield return part;
                part = [];
                bytes = Envelope;
            }

            part.Add(stream);
            bytes += length;
        }

        if (part.Count > 0) yield return part;
    }
}
