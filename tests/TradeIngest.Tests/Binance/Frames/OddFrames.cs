using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Quality;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

/// <summary>One frame and the only verdict it may get.</summary>
internal sealed record OddFrame(FrameKind Kind, ErrorReason Reason, string Text);

/// <summary>Frames that are nearly a trade, or nearly something else. <c>‹FF 00›</c> stands for raw bytes.</summary>
internal static class OddFrames
{
    public const string Trade = BeforeE + "1790446152679" + AfterE;

    private const string BeforeE = """{"e":"trade","E":""";

    private const string AfterE =
        ""","s":"BTCUSDT","t":6715234671,"p":"84106.09000000","q":"0.00007000","T":1790446152678,"m":true,"M":true}""";

    public static IEnumerable<OddFrame> All() =>
    [
        .. Trades(), .. Integers(), .. Decimals(), .. Symbols(), .. Flags(), .. Types(), .. Keys(), .. Envelopes(), .. Replies(),
        .. Edges(),
    ];

    private static IEnumerable<OddFrame> Trades() => Are(FrameKind.Trade, ErrorReason.None,
    [
        Trade,
        Combined(Trade),
        Trade.Replace(",\"M\":true", ""),
        Trade.Replace("\"M\":true", "\"M\":false"),
        Trade.Replace("\"M\":true", "\"M\":null"),
        Trade.Replace("\"m\":true", "\"m\":false"),
        Trade.Replace("\"p\"", "\"b\":123,\"a\":456,\"p\""),
        Trade.Replace("{\"e\"", "{\"x\":{\"e\":\"aggTrade\",\"X\":[]},\"e\""),
        Trade.Replace("\"M\":true", "\"M\":true,\"zz\":[{\"t\":[1,2]}]"),
        Trade.Replace(",", " ,\n").Replace(":", "\t: "),
        " \r\n\t" + Trade + "\n",
        Trade + "\r\n",
        Combined(Trade) + " ",
        "{\"data\":" + Trade + ",\"stream\":\"btcusdt@trade\"}",
        "{\"other\":1,\"data\":" + Trade + ",\"more\":{},\"stream\":\"btcusdt@trade\",\"last\":[]}",
        "{\"stream\":\"\",\"data\":" + Trade + "}",
        "{\"stream\":\"币安人生usdt@trade\",\"data\":" + Trade + "}",
        "{\"str\\u0065am\":\"\\ud800\",\"\\u0064ata\":" + Trade + "}",
        Trade.Replace("\"e\":\"trade\"", "\"\\u0065\":\"tr\\u0061de\""),
        Trade.Replace("\"p\":\"84106", "\"\\u0070\":\"\\u00384106"),
        Trade.Replace("\"T\":", "\"\\u0054\":"),

        // An event is an event, whatever else its object holds.
        Trade.Replace("\"M\":true", "\"M\":true,\"result\":null,\"id\":1"),
        Trade.Replace("\"M\":true", "\"M\":true,\"error\":{},\"code\":1,\"msg\":\"\""),
        Trade.Replace("\"M\":true", "\"M\":true,\"stream\":5,\"data\":\"text\""),
        Trade.Replace("\"M\":true", "\"M\":true,\"stream\":\"a\",\"data\":{\"e\":\"aggTrade\"},\"data\":{\"e\":1}"),
        Trade.Replace("\"M\":true", "\"M\":true,\"x\":1,\"x\":2"),
    ]);

    private static IEnumerable<OddFrame> Integers() =>
    [
        .. Are(FrameKind.Trade, ErrorReason.None, WithEventTime(
            "0", "1", "-0", "-1", "1790446152679000", "99999999999999", "100000000000000", "-99999999999999", "999999999999999999",
            "1000000000000000000", "9223372036854775807", "-9223372036854775808")),
        .. Are(FrameKind.Failure, ErrorReason.NumberOutOfRange, WithEventTime(
            "9223372036854775808", "-9223372036854775809", "99999999999999999999", "123456789012345678901234567890")),
        .. Are(FrameKind.Failure, ErrorReason.WrongType, WithEventTime(
            "1790446152679.0", "1.79e12", "1e3", "0.0", "1E400", "99999999999999999999.5", "\"1790446152679\"", "null", "true", "[]",
            "[1790446152679]", "{}", "{\"E\":1}", "\"\"")),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson, WithEventTime(
            "", "01", "00", "-", "-01", "+1", ".5", "1.", "0x10", "1_000", "1,000", "NaN", "Infinity", "1790446152679L", "'1'", "1 1",
            "0179044615267", "1790446152679‹00›")),

        .. Are(FrameKind.Trade, ErrorReason.None,
            [Trade.Replace("6715234671", "0"), Trade.Replace("6715234671", "-5"), Trade.Replace("6715234671", "9223372036854775807")]),
        .. Are(FrameKind.Failure, ErrorReason.NumberOutOfRange,
            [Trade.Replace("6715234671", "9223372036854775808"), Trade.Replace("\"T\":1790446152678", "\"T\":1790446152678000000000")]),
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
            [Trade.Replace("6715234671", "\"6715234671\""), Trade.Replace("6715234671", "6715234671.5"),
                Trade.Replace("\"T\":1790446152678", "\"T\":null"), Trade.Replace("\"T\":1790446152678", "\"T\":false")]),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson,
            [Trade.Replace("6715234671", "06715234671"), Trade.Replace("\"T\":1790446152678", "\"T\":01790446152678")]),
    ];

    private static IEnumerable<OddFrame> Decimals() =>
    [
        .. Are(FrameKind.Trade, ErrorReason.None, WithPrice(
            "0", "1", "-1", "-0", "0.0", "0.1", "0.00000000", "0.00000001", "-0.00000001", "84106.09", "84106.090000000000000000",
            "00084106.09000000", "92233720368.54775807", "-92233720368.54775808",
            "92233720367.99999999", "92233720368.00000000", "12345678.12345678", "123456789.12345678",
            "000000000000000000000000001.00000000", "\\u0031\\u002e\\u0035", "1\\u002E50000000")),
        .. Are(FrameKind.Failure, ErrorReason.NumberOutOfRange, WithPrice(
            "92233720368.54775808", "-92233720368.54775809", "92233720369.00000000", "100000000000.00000000", "0.000000001", "1.123456789",
            "99999999999999999999999999", "1.000000000000000000000001")),
        .. Are(FrameKind.Failure, ErrorReason.WrongType, WithPrice(
            "", " ", "1e5", "1E5", "1.5e0", "+1", "--1", "-", ".", ".5", "-.5", "5.", "1.2.3", " 1", "1 ", "1,5", "1,000.00", "0x10", "NaN",
            "Infinity", "abc", "null", "1.0f", "84106.0900000x", "x4106.09000000",
            "84106,09000000", "84106.09000 00", "１", "\\u0000", "1\\n", "\\ud800", "\\\"1\\\"", "$1", "1/2", "٣")),
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
            [.. new[] { "84106.09", "1", "null", "true", "[\"1\"]", "{\"p\":\"1\"}" }.Select(value =>
                Trade.Replace("\"84106.09000000\"", value))]),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson, WithPrice("84106.09‹00›", "84106.09\n", "‹FF›", "\\x31", "\\u003", "1\"2")),
        .. Are(FrameKind.Trade, ErrorReason.None, [Trade.Replace("0.00007000", "0.00000000"), Trade.Replace("0.00007000", "7")]),
        .. Are(FrameKind.Failure, ErrorReason.NumberOutOfRange, [Trade.Replace("0.00007000", "0.000070001")]),
        .. Are(FrameKind.Failure, ErrorReason.WrongType, [Trade.Replace("\"0.00007000\"", "0.00007"), Trade.Replace("0.00007000", "7e-5")]),
    ];

    private static IEnumerable<OddFrame> Symbols() =>
    [
        .. Are(FrameKind.Trade, ErrorReason.None, WithSymbol(
            "B", "btcusdt", "1000SATSUSDT", "币安人生USDT", "\\u5e01USDT", "\\ud83d\\ude80USDT", "A B", "A\\\"B", "A\\\\B", "A\\/B",
            "A\\u0000B", "A\u007fB", new string('A', 80), string.Concat(Enumerable.Repeat("\\u0041", 80)))),
        .. Are(FrameKind.Failure, ErrorReason.BadSymbol, WithSymbol(
            "", new string('A', 81), new string('A', 5_000), string.Concat(Enumerable.Repeat("\\u0041", 81)), "\\ud800", "BTC\\udc00USDT",
            "\\ud800\\ud800", "\\ud83dUSDT", new string('币', 27))),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson,
            WithSymbol("BTC‹00›", "BTC\n", "BTC\t", "‹FF›", "‹C3›", "‹ED A0 80›", "\\q", "\\u12", "BTC\"USDT", "BTC\\")),
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
            [.. new[] { "null", "1", "true", "[\"BTCUSDT\"]", "{}" }.Select(value => Trade.Replace("\"BTCUSDT\"", value))]),
    ];

    private static IEnumerable<OddFrame> Flags() =>
    [
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
            [.. new[] { "null", "1", "0", "\"true\"", "[]", "{}", "[true]" }.Select(value =>
                Trade.Replace("\"m\":true", "\"m\":" + value))]),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson,
            [.. new[] { "True", "TRUE", "tru", "truee", "yes", "t", "" }.Select(value => Trade.Replace("\"m\":true", "\"m\":" + value))]),
    ];

    private static IEnumerable<OddFrame> Types() =>
    [
        .. Are(FrameKind.OtherEvent, ErrorReason.UnknownEvent,
        [
            """{"e":"aggTrade","E":1,"s":"BTCUSDT","a":1,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true,"M":true}""",
            """{"e":"blockTrade","E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true}""",
            """{"e":"24hrTicker","E":1,"s":"BTCUSDT","p":"-1","P":"1","t":"x","q":5}""",
            """{"e":"kline","E":1,"s":"BTCUSDT","k":{"t":1,"T":2,"s":"BTCUSDT"}}""",
            """{"e":"outboundAccountPosition"}""",
            """{"e":"depthUpdate","E":1,"E":2,"b":[["1","2"]],"a":[]}""",
            Trade.Replace("\"trade\"", "\"Trade\""),
            Trade.Replace("\"trade\"", "\"TRADE\""),
            Trade.Replace("\"trade\"", "\"trade \""),
            Trade.Replace("\"trade\"", "\"\""),
            Trade.Replace("\"trade\"", "\"trades\""),
            Trade.Replace("\"trade\"", "\"\\ud800\""),
            Combined("""{"e":"aggTrade"}"""),
        ]),
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
            [.. new[] { "null", "1", "true", "[\"trade\"]", "{\"e\":\"trade\"}" }.Select(value => Trade.Replace("\"trade\"", value))]),
        .. Are(FrameKind.Failure, ErrorReason.DuplicateField,
            [Trade.Replace("{", "{\"e\":\"aggTrade\","), Trade.Replace("{", "{\"e\":\"trade\","), Trade.Replace("{", "{\"\\u0065\":1,")]),
        .. Are(FrameKind.Failure, ErrorReason.NotSpotTrade,
        [
            """{"e":"trade","E":1790446152679,"T":1790446152678,"s":"BTCUSDT","t":6715234,"p":"8410.09","q":"0.7","X":"MARKET","m":true}""",
            Trade.Replace("\"M\":true", "\"X\":null"),
            Trade.Replace("{", "{\"X\":\"NA\","),
            """{"e":"trade","X":"MARKET"}""",
            Combined("""{"X":"INSURANCE_FUND","e":"trade","e2":1}"""),
        ]),
        .. Are(FrameKind.ServerShutdown, ErrorReason.None,
        [
            """{"e":"serverShutdown","E":1790446152679}""",
            """{"E":1790446152679,"e":"serverShutdown"}""",
            """ { "e" : "server\u0053hutdown" } """,
            """{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1790446152679}}""",
        ]),
    ];

    private static IEnumerable<OddFrame> Keys() =>
    [
        .. Are(FrameKind.Failure, ErrorReason.MissingField,
        [
            "{}",
            "{\"a\":1}",
            Trade.Replace("\"e\":\"trade\",", ""),
            Trade.Replace("\"E\":1790446152679,", ""),
            Trade.Replace("\"s\":\"BTCUSDT\",", ""),
            Trade.Replace("\"t\":6715234671,", ""),
            Trade.Replace("\"p\":\"84106.09000000\",", ""),
            Trade.Replace("\"q\":\"0.00007000\",", ""),
            Trade.Replace("\"T\":1790446152678,", ""),
            Trade.Replace("\"m\":true,", ""),
            Trade.Replace("\"p\"", "\"P\""),
            Trade.Replace("\"p\"", "\"p \""),
            Trade.Replace("\"p\"", "\"pp\""),
            Trade.Replace("\"p\"", "\"\""),
            Trade.Replace("\"p\"", "\"\\u0050\""),
            Trade.Replace("\"p\"", "\"\\ud800\""),
            Trade.Replace("\"p\"", "\"п\""),
            Trade.Replace("\"q\":\"0.00007000\"", "\"x\":{\"q\":\"0.00007000\"}"),
            Trade.Replace("\"p\":\"84106.09000000\"", "\"x\":1").Replace("\"m\":true", "\"m\":1"),
            """{"e":"trade"}""",
        ]),
        .. Are(FrameKind.Failure, ErrorReason.DuplicateField,
        [
            .. new[] { "\"E\":1790446152679", "\"s\":\"BTCUSDT\"", "\"t\":6715234671", "\"p\":\"84106.09000000\"", "\"q\":\"0.00007000\"",
                "\"T\":1790446152678", "\"m\":true", "\"M\":true" }
                .Select(field => Trade.Replace(field, field + "," + field)),
            Trade.Replace("{", "{\"\\u0070\":\"1\","),
            Trade.Replace("{", "{\"p\":null,"),
            Trade.Replace("\"m\":true", "\"t\":1"),
            Combined(Trade.Replace("{", "{\"q\":[],")),
        ]),
    ];

    private static IEnumerable<OddFrame> Envelopes() =>
    [
        .. Are(FrameKind.Failure, ErrorReason.MissingField,
        [
            """{"stream":"btcusdt@trade"}""",
            "{\"data\":" + Trade + "}",
            """{"stream":"btcusdt@trade","data":{}}""",
            Combined("{\"stream\":\"btcusdt@trade\",\"data\":" + Trade + "}"),
            Combined("""{"result":null,"id":1}"""),
            "{\"Stream\":\"btcusdt@trade\",\"Data\":" + Trade + "}",
        ]),
        .. Are(FrameKind.Failure, ErrorReason.WrongType,
        [
            """{"stream":"btcusdt@trade","data":null}""",
            """{"stream":"btcusdt@trade","data":"text"}""",
            Combined("[" + Trade + "]"),
            "{\"stream\":null,\"data\":" + Trade + "}",
            "{\"stream\":[],\"data\":" + Trade + "}",
            "[" + Trade + "]",
            "[" + Trade + "," + Trade + "]",
            "\"" + Trade.Replace("\"", "\\\"") + "\"",
        ]),
        .. Are(FrameKind.Failure, ErrorReason.DuplicateField,
        [
            "{\"stream\":\"a\",\"stream\":\"b\",\"data\":" + Trade + "}",
            "{\"stream\":\"a\",\"data\":" + Trade + ",\"data\":" + Trade + "}",
            "{\"stream\":\"a\",\"data\":1,\"data\":" + Trade + "}",
            "{\"stream\":\"a\",\"data\":" + Trade + ",\"d\\u0061ta\":{}}",
        ]),
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson,
        [
            Combined(Trade)[..^1],
            Combined(Trade) + "}",
            Combined(Trade) + Combined(Trade),
            Combined(Trade) + "\n" + Combined(Trade),
            Combined(Trade + ","),
            Combined(Trade[..^1]),
            "{\"stream\":\"btc\nusdt\",\"data\":" + Trade + "}",
            "{\"stream\":\"‹FF›\",\"data\":" + Trade + "}",
            "{\"stream\":btcusdt,\"data\":" + Trade + "}",
            "{\"stream\":\"a\\\",\"data\":" + Trade + "}",
        ]),
    ];

    private static IEnumerable<OddFrame> Replies() =>
    [
        .. Are(FrameKind.ControlReply, ErrorReason.None,
        [
            """{"result":null,"id":1}""",
            """{"id":1,"result":null}""",
            """{"result":["btcusdt@trade","ethusdt@trade"],"id":3}""",
            """{"result":[],"id":"text"}""",
            """{"result":true,"id":null}""",
            """{"r\u0065sult":{"combined":true},"id":1,"more":[]}""",
        ]),
        .. Are(FrameKind.ErrorReply, ErrorReason.None,
        [
            """{"code":0,"msg":"Unknown property","id":1}""",
            """{"code":2,"msg":"Invalid request: unknown variant"}""",
            """{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}""",
            """{"id":19,"error":null}""",
            """{"error":{"code":4,"msg":"x"},"result":null,"id":19}""",
        ]),
        .. Are(FrameKind.Failure, ErrorReason.MissingField,
            ["""{"result":null}""", """{"id":1}""", """{"code":1}""", """{"msg":"x"}""", """{"method":"SUBSCRIBE","params":[],"id":1}"""]),
    ];

    private static IEnumerable<OddFrame> Edges() =>
    [
        .. Are(FrameKind.Failure, ErrorReason.MalformedJson,
        [
            "‹EF BB BF›" + Trade,
            "‹00›" + Trade,
            Trade + "‹00›",
            Trade + "‹1A›",
            Trade + ",",
            Trade + "}",
            Trade + Trade,
            Trade + "\n" + Trade,
            Trade + "//",
            "‹C2 A0›" + Trade,
            "‹0C›" + Trade,
            "(" + Trade + ")",
            "callback(" + Trade + ")",
            Trade.Replace("\"", "'"),
            Trade.Replace("\"", "“"),
            Trade.Replace(":", "="),
            Trade.Replace(",", ";"),
            Trade.Replace("}", ",}"),
            Trade.Replace("{", "{,"),
            Trade.Replace(",\"q\"", "\"q\""),
            Trade.Replace(",\"q\"", ",,\"q\""),
            Trade.Replace("\"q\":", "\"q\""),
            Trade.Replace("\"q\":", "\"q\"::"),
            Trade.Replace("\"q\":", "q:"),
            string.Concat(Enumerable.Repeat("[", 100_000)),
            string.Concat(Enumerable.Repeat("{\"a\":", 100_000)),
            Trade.Replace("{", "{\"deep\":" + new string('[', 64) + new string(']', 64) + ","),
        ]),
        .. Are(FrameKind.Trade, ErrorReason.None,
        [
            Trade.Replace("{", "{\"deep\":" + new string('[', 63) + new string(']', 63) + ","),
            Trade.Replace("{", "{\"long\":\"" + new string('x', 100_000) + "\","),
            Trade.Replace("{", "{\"" + new string('k', 100_000) + "\":0,"),
            Trade.Replace("84106.09000000", "84106." + new string('0', 10_000)),
            Trade.Replace("84106.09000000", "1." + string.Concat(Enumerable.Repeat("\\u0030", 1_000))),
            Trade + new string(' ', FrameParser.MaxLength - Trade.Length),
        ]),
        .. Are(FrameKind.Failure, ErrorReason.TooLarge,
            [Trade + new string(' ', FrameParser.MaxLength - Trade.Length + 1), new string('x', FrameParser.MaxLength + 1)]),
    ];

    private static string Combined(string data) => "{\"stream\":\"btcusdt@trade\",\"data\":" + data + "}";

    private static string[] WithEventTime(params string[] values) => [.. values.Select(value => BeforeE + value + AfterE)];

    private static string[] WithPrice(params string[] texts) => [.. texts.Select(text => Trade.Replace("84106.09000000", text))];

    private static string[] WithSymbol(params string[] texts) => [.. texts.Select(text => Trade.Replace("BTCUSDT", text))];

    private static IEnumerable<OddFrame> Are(FrameKind kind, ErrorReason reason, string[] texts) =>
        texts.Select(text => new OddFrame(kind, reason, text));
}
