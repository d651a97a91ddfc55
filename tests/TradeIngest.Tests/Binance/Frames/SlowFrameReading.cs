using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Quality;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

/// <summary>What a frame says: the verdict and, for a trade, its values as text and exact numbers.</summary>
internal sealed record SlowTrade(
    string Symbol, BigInteger Id, BigInteger Price, BigInteger Quantity, BigInteger EventTime, BigInteger TradeTime, bool BuyerIsMaker);

/// <summary>
/// The parser's specification a second time, written for plainness on <see cref="JsonDocument"/>, <see cref="BigInteger"/> and
/// regular expressions, sharing no code with it.
/// </summary>
internal static partial class SlowFrameReading
{
    private const string Required = "eEstpqTm";

    public static (FrameKind Kind, ErrorReason Reason, SlowTrade? Trade) Read(byte[] frame)
    {
        if (frame.Length > 1_048_576) return Fail(ErrorReason.TooLarge);
        if (!Utf8.IsValid(frame)) return Fail(ErrorReason.MalformedJson);
        try
        {
            using var document = JsonDocument.Parse(frame);
            var root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object ? ReadOutermost(root) : Fail(ErrorReason.WrongType);
        }
        catch (JsonException)
        {
            return Fail(ErrorReason.MalformedJson);
        }
    }

    private static (FrameKind, ErrorReason, SlowTrade?) ReadOutermost(JsonElement root)
    {
        var fields = FieldsOf(root);
        if (fields.ContainsKey("e")) return ReadEvent(fields);
        var isError = fields.ContainsKey("error") || (fields.ContainsKey("code") && fields.ContainsKey("msg"));
        if (isError) return (FrameKind.ErrorReply, ErrorReason.None, null);
        if (fields.ContainsKey("result") && fields.ContainsKey("id")) return (FrameKind.ControlReply, ErrorReason.None, null);
        if (!fields.TryGetValue("stream", out var stream)) return Fail(ErrorReason.MissingField);
        if (!fields.TryGetValue("data", out var data)) return Fail(ErrorReason.MissingField);
        if (stream.Count > 1 || data.Count > 1) return Fail(ErrorReason.DuplicateField);
        if (stream[0].ValueKind != JsonValueKind.String || data[0].ValueKind != JsonValueKind.Object) return Fail(ErrorReason.WrongType);
        return ReadEvent(FieldsOf(data[0]));
    }

    private static (FrameKind, ErrorReason, SlowTrade?) ReadEvent(Dictionary<string, List<JsonElement>> fields)
    {
        if (!fields.TryGetValue("e", out var types)) return Fail(ErrorReason.MissingField);
        if (types.Count > 1) return Fail(ErrorReason.DuplicateField);
        if (types[0].ValueKind != JsonValueKind.String) return Fail(ErrorReason.WrongType);
        var type = TextOf(types[0]);
        if (type == "serverShutdown") return (FrameKind.ServerShutdown, ErrorReason.None, null);
        if (type != "trade") return (FrameKind.OtherEvent, ErrorReason.UnknownEvent, null);

        if (fields.ContainsKey("X")) return Fail(ErrorReason.NotSpotTrade);
        var repeated = (Required + "M").Any(key => fields.TryGetValue(key.ToString(), out var values) && values.Count > 1);
        if (repeated) return Fail(ErrorReason.DuplicateField);
        if (Required.Any(key => !fields.ContainsKey(key.ToString()))) return Fail(ErrorReason.MissingField);

        // In document order, since the first field at fault is the one reported.
        var numbers = new Dictionary<string, BigInteger>(StringComparer.Ordinal);
        foreach (var (key, values) in fields)
        {
            var reason = key switch
            {
                "E" or "t" or "T" => ReadInteger(values[0], numbers, key),
                "p" or "q" => ReadDecimal(values[0], numbers, key),
                "s" => values[0].ValueKind == JsonValueKind.String ? ErrorReason.None : ErrorReason.WrongType,
                "m" => values[0].ValueKind is JsonValueKind.True or JsonValueKind.False ? ErrorReason.None : ErrorReason.WrongType,
                _ => ErrorReason.None,
            };
            if (reason != ErrorReason.None) return Fail(reason);
        }

        var symbol = TextOf(fields["s"][0]);
        if (string.IsNullOrEmpty(symbol) || System.Text.Encoding.UTF8.GetByteCount(symbol) > 80) return Fail(ErrorReason.BadSymbol);
        var trade = new SlowTrade(
            symbol,
            numbers["t"],
            numbers["p"],
            numbers["q"],
            Microseconds(numbers["E"]),
            Microseconds(numbers["T"]),
            fields["m"][0].ValueKind == JsonValueKind.True);
        return (FrameKind.Trade, ErrorReason.None, trade);
    }

    private static BigInteger Microseconds(BigInteger unixTime) =>
        BigInteger.Abs(unixTime) < 100_000_000_000_000 ? unixTime * 1000 : unixTime;

    private static ErrorReason ReadInteger(JsonElement element, Dictionary<string, BigInteger> numbers, string key)
    {
        if (element.ValueKind != JsonValueKind.Number || !Integer().IsMatch(element.GetRawText())) return ErrorReason.WrongType;
        var value = BigInteger.Parse(element.GetRawText(), CultureInfo.InvariantCulture);
        numbers[key] = value;
        return value >= long.MinValue && value <= long.MaxValue ? ErrorReason.None : ErrorReason.NumberOutOfRange;
    }

    private static ErrorReason ReadDecimal(JsonElement element, Dictionary<string, BigInteger> numbers, string key)
    {
        if (element.ValueKind != JsonValueKind.String || TextOf(element) is not { } text) return ErrorReason.WrongType;
        if (!Decimal().IsMatch(text)) return ErrorReason.WrongType;
        var parts = text.Split('.');
        var fraction = parts.Length > 1 ? parts[1].TrimEnd('0') : "";
        if (fraction.Length > 8) return ErrorReason.NumberOutOfRange;
        var value = BigInteger.Parse(parts[0] + fraction.PadRight(8, '0'), CultureInfo.InvariantCulture);
        numbers[key] = value;
        return value >= long.MinValue && value <= long.MaxValue ? ErrorReason.None : ErrorReason.NumberOutOfRange;
    }

    private static Dictionary<string, List<JsonElement>> FieldsOf(JsonElement element)
    {
        var fields = new Dictionary<string, List<JsonElement>>(StringComparer.Ordinal);
        foreach (var property in element.EnumerateObject())
        {
            if (NameOf(property) is not { } name) continue;
            if (!fields.TryGetValue(name, out var values)) fields.Add(name, values = []);
            values.Add(property.Value);
        }

        return fields;
    }

    // A lone surrogate makes these throw: a name or a text that does not exist.
    private static string? NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static (FrameKind, ErrorReason, SlowTrade?) Fail(ErrorReason reason) => (FrameKind.Failure, reason, null);

    [GeneratedRegex(@"\A-?[0-9]+\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Integer();

    [GeneratedRegex(@"\A-?[0-9]+(\.[0-9]+)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Decimal();
}
