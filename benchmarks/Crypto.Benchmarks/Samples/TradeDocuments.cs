using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crypto.Benchmarks.Samples;

/// <summary>A combined frame as the tutorial's class.</summary>
internal sealed class TradeFrame
{
    [JsonPropertyName("stream")]
    public string Stream { get; set; } = "";

    [JsonPropertyName("data")]
    public TradeEvent Data { get; set; } = new();
}

/// <summary>The event within it.</summary>
internal sealed class TradeEvent
{
    [JsonPropertyName("e")]
    public string EventType { get; set; } = "";

    [JsonPropertyName("E")]
    public long EventTime { get; set; }

    [JsonPropertyName("s")]
    public string Symbol { get; set; } = "";

    [JsonPropertyName("t")]
    public long TradeId { get; set; }

    [JsonPropertyName("p")]
    public decimal Price { get; set; }

    [JsonPropertyName("q")]
    public decimal Quantity { get; set; }

    [JsonPropertyName("T")]
    public long TradeTime { get; set; }

    [JsonPropertyName("m")]
    public bool BuyerIsMaker { get; set; }
}

/// <summary>A topic value as a class.</summary>
internal sealed class TradeRecord
{
    public int Version { get; set; }

    public string Exchange { get; set; } = "";

    public string Symbol { get; set; } = "";

    public long TradeId { get; set; }

    public decimal Price { get; set; }

    public decimal Quantity { get; set; }

    public long EventTime { get; set; }

    public long TradeTime { get; set; }

    public long ReceivedTime { get; set; }

    public string AggressorSide { get; set; } = "";

    public string Source { get; set; } = "";
}

[JsonSourceGenerationOptions(
    NumberHandling = JsonNumberHandling.AllowReadingFromString, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TradeFrame))]
[JsonSerializable(typeof(TradeRecord))]
internal sealed partial class TradeDocuments : JsonSerializerContext;
