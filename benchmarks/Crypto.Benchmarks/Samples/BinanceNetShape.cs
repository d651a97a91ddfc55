using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crypto.Benchmarks.Samples;

/// <summary>
/// The shape of the model of the library Binance.Net: an envelope, an event with a base class, converters for times and numbers.
/// </summary>
internal sealed record CombinedStream
{
    [JsonPropertyName("stream")]
    public string Stream { get; set; } = "";

    [JsonPropertyName("data")]
    public StreamTrade Data { get; set; } = new();
}

internal abstract record StreamEventBase
{
    [JsonPropertyName("e")]
    public string Event { get; set; } = "";

    [JsonPropertyName("E")]
    [JsonConverter(typeof(UnixTimeConverter))]
    public DateTime EventTime { get; set; }
}

internal sealed record StreamTrade : StreamEventBase
{
    [JsonPropertyName("s")]
    public string Symbol { get; set; } = "";

    [JsonPropertyName("t")]
    public long Id { get; set; }

    [JsonPropertyName("p")]
    [JsonConverter(typeof(TextDecimalConverter))]
    public decimal Price { get; set; }

    [JsonPropertyName("q")]
    [JsonConverter(typeof(TextDecimalConverter))]
    public decimal Quantity { get; set; }

    [JsonPropertyName("T")]
    [JsonConverter(typeof(UnixTimeConverter))]
    public DateTime TradeTime { get; set; }

    [JsonPropertyName("m")]
    public bool BuyerIsMaker { get; set; }

    [JsonPropertyName("M")]
    public bool IsBestMatch { get; set; }
}

internal sealed class UnixTimeConverter : JsonConverter<DateTime>
{
    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        DateTime.UnixEpoch.AddMicroseconds(reader.GetInt64());

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) => throw new NotSupportedException();
}

internal sealed class TextDecimalConverter : JsonConverter<decimal>
{
    public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
        ? decimal.Parse(reader.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture)
        : reader.GetDecimal();

    public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => throw new NotSupportedException();
}

[JsonSerializable(typeof(CombinedStream))]
internal sealed partial class BinanceNetShape : JsonSerializerContext;
