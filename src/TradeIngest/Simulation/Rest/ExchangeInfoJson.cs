using System.Buffers;
using System.Text.Json;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>The reply of <c>exchangeInfo</c>, with the fields a spot symbol has.</summary>
internal static class ExchangeInfoJson
{
    private static readonly string[] OrderTypes =
        ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"];

    private static readonly string[] Allowed =
    [
        "icebergAllowed", "ocoAllowed", "otoAllowed", "quoteOrderQtyMarketAllowed", "allowTrailingStop", "cancelReplaceAllowed",
        "amendAllowed", "isSpotTradingAllowed",
    ];

    private static readonly string[] SelfTradePrevention = ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"];

    public static ReadOnlyMemory<byte> Write(
        IEnumerable<(Listing Listing, string Status)> symbols, long serverTime, int weightPerMinute, bool showPermissionSets)
    {
        var body = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(body, RestApi.Relaxed);
        json.WriteStartObject();
        json.WriteString("timezone", "UTC");
        json.WriteNumber("serverTime", serverTime);
        json.WriteStartArray("rateLimits");
        WriteRateLimit(json, "REQUEST_WEIGHT", "MINUTE", 1, weightPerMinute);
        WriteRateLimit(json, "ORDERS", "SECOND", 10, 100);
        WriteRateLimit(json, "ORDERS", "DAY", 1, 200_000);
        WriteRateLimit(json, "RAW_REQUESTS", "MINUTE", 5, 61_000);
        json.WriteEndArray();
        WriteList(json, "exchangeFilters", []);
        json.WriteStartArray("symbols");
        foreach (var (listing, status) in symbols) WriteSymbol(json, listing, status, showPermissionSets);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteSymbol(Utf8JsonWriter json, Listing listing, string status, bool showPermissionSets)
    {
        json.WriteStartObject();
        json.WriteString("symbol", listing.Ticker);
        json.WriteString("status", status);
        json.WriteString("baseAsset", listing.BaseAsset);
        json.WriteNumber("baseAssetPrecision", FixedPoint.Decimals);
        json.WriteString("quoteAsset", listing.QuoteAsset);
        json.WriteNumber("quotePrecision", FixedPoint.Decimals);
        json.WriteNumber("quoteAssetPrecision", FixedPoint.Decimals);
        json.WriteNumber("baseCommissionPrecision", FixedPoint.Decimals);
        json.WriteNumber("quoteCommissionPrecision", FixedPoint.Decimals);
        WriteList(json, "orderTypes", OrderTypes);
        foreach (var allowed in Allowed) json.WriteBoolean(allowed, true);
        json.WriteBoolean("isMarginTradingAllowed", false);
        json.WriteStartArray("filters");
        WriteFilters(json, listing);
        json.WriteEndArray();
        WriteList(json, "permissions", []);
        json.WriteStartArray("permissionSets");
        if (showPermissionSets)
        {
            json.WriteStartArray();
            json.WriteStringValue("SPOT");
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteString("defaultSelfTradePreventionMode", "EXPIRE_MAKER");
        WriteList(json, "allowedSelfTradePreventionModes", SelfTradePrevention);
        json.WriteEndObject();
    }

    private static void WriteFilters(Utf8JsonWriter json, Listing listing)
    {
        json.WriteStartObject();
        json.WriteString("filterType", "PRICE_FILTER");
        json.WriteString("minPrice", listing.TickSize.ToString());
        json.WriteString("maxPrice", FixedPoint.Format(listing.BasePrice.Scaled / listing.TickSize.Scaled * listing.TickSize.Scaled * 10));
        json.WriteString("tickSize", listing.TickSize.ToString());
        json.WriteEndObject();

        json.WriteStartObject();
        json.WriteString("filterType", "LOT_SIZE");
        json.WriteString("minQty", listing.StepSize.ToString());
        json.WriteString("maxQty", FixedPoint.Format(Math.Min(listing.StepSize.Scaled * 900_000_000, long.MaxValue / 2)));
        json.WriteString("stepSize", listing.StepSize.ToString());
        json.WriteEndObject();

        json.WriteStartObject();
        json.WriteString("filterType", "NOTIONAL");
        json.WriteString("minNotional", listing.MinNotional.ToString());
        json.WriteBoolean("applyMinToMarket", true);
        json.WriteString("maxNotional", "9000000.00000000");
        json.WriteBoolean("applyMaxToMarket", false);
        json.WriteNumber("avgPriceMins", 5);
        json.WriteEndObject();

        json.WriteStartObject();
        json.WriteString("filterType", "MAX_NUM_ORDERS");
        json.WriteNumber("maxNumOrders", 200);
        json.WriteEndObject();
    }

    private static void WriteRateLimit(Utf8JsonWriter json, string type, string interval, int count, int limit)
    {
        json.WriteStartObject();
        json.WriteString("rateLimitType", type);
        json.WriteString("interval", interval);
        json.WriteNumber("intervalNum", count);
        json.WriteNumber("limit", limit);
        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
