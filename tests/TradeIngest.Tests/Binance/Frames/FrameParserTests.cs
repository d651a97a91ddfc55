using System.Globalization;
using System.Text;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

[TestClass]
public sealed class FrameParserTests
{
    private static readonly Timestamp Received = new(1_790_446_152_701_233);

    private readonly SymbolTable _symbols = new();

    [TestMethod]
    public void Parse_RawTrade_GivesEveryField()
    {
        var kind = Parse(OddFrames.Trade, out var trade, out var reason);

        Assert.AreEqual((FrameKind.Trade, ErrorReason.None), (kind, reason));
        Assert.AreEqual("BTCUSDT", trade.Symbol.Ticker);
        Assert.AreEqual(6715234671, trade.TradeId);
        Assert.AreEqual(Price.Parse("84106.09"), trade.Price);
        Assert.AreEqual(Quantity.Parse("0.00007"), trade.Quantity);
        Assert.AreEqual(new Timestamp(1790446152679000), trade.EventTime);
        Assert.AreEqual(new Timestamp(1790446152678000), trade.TradeTime);
        Assert.AreEqual(Received, trade.ReceivedTime);
        Assert.AreEqual(AggressorSide.Sell, trade.Aggressor);
        Assert.AreEqual(IngestSource.Replay, trade.Source);
    }

    [TestMethod]
    public void Parse_Microseconds_AreKept()
    {
        var frame = OddFrames.Trade.Replace("1790446152679", "1790446152679001").Replace("1790446152678", "1790446152678999");

        Parse(frame, out var trade, out _);

        Assert.AreEqual(new Timestamp(1790446152679001), trade.EventTime);
        Assert.AreEqual(new Timestamp(1790446152678999), trade.TradeTime);
    }

    [TestMethod]
    public void Parse_BuyerIsNotMaker_BuyerWasTheAggressor()
    {
        Parse(OddFrames.Trade.Replace("\"m\":true", "\"m\":false"), out var trade, out _);

        Assert.AreEqual(AggressorSide.Buy, trade.Aggressor);
    }

    [TestMethod]
    public void Parse_RefusedTrade_LeavesTheSymbolTableAlone()
    {
        Parse(OddFrames.Trade.Replace("\"m\":true", "\"m\":null"), out _, out _);

        Assert.AreEqual(0, _symbols.Count);
    }

    [TestMethod]
    public void Parse_SymbolTableFull_IsBadSymbol()
    {
        var full = new SymbolTable(capacity: 1);
        full.Intern("ETHUSDT");

        var kind = FrameParser.Parse(Encoding.UTF8.GetBytes(OddFrames.Trade), full, Received, IngestSource.Stream, out _, out var reason);

        Assert.AreEqual((FrameKind.Failure, ErrorReason.BadSymbol), (kind, reason));
    }

    [TestMethod]
    public void Parse_AnyKeyOrderSpellingAndExtras_IsTheSameTrade()
    {
        var random = new Random(3);
        var trades = new TradeGenerator(seed: 3, _symbols);
        for (var i = 0; i < 20_000; i++)
        {
            var odd = trades.NextOdd();
            var trade = odd with
            {
                EventTime = InMilliseconds(odd.EventTime),
                TradeTime = InMilliseconds(odd.TradeTime),
                ReceivedTime = Received,
                Source = IngestSource.Replay,
            };

            var frame = Write(trade, random);

            Assert.AreEqual(FrameKind.Trade, Parse(frame, out var parsed, out var reason), $"{reason}: {frame}");
            Assert.AreEqual(trade, parsed, frame);
        }
    }

    [TestMethod]
    public void Parse_KnownSymbol_AllocatesNothing()
    {
        byte[][] frames =
        [
            .. new[]
            {
                OddFrames.Trade,
                "{\"stream\":\"btcusdt@trade\",\"data\":" + OddFrames.Trade + "}",
                "{\"data\":" + OddFrames.Trade + ",\"stream\":\"btcusdt@trade\"}",
                OddFrames.Trade.Replace("\"p\"", "\"extra\":[1,{}],\"\\u0070\"").Replace("BTC", "\\u5e01币\\u0041"),
                OddFrames.Trade.Replace("84106.09000000", "1." + string.Concat(Enumerable.Repeat("\\u0030", 1_000))),
                """{"e":"aggTrade","a":1}""",
                """{"result":null,"id":1}""",
                """{"e":"trade"}""",
            }.Select(Encoding.UTF8.GetBytes),
        ];

        var trades = 0;
        var allocated = Allocations.Of(() =>
        {
            foreach (var frame in frames)
            {
                if (FrameParser.Parse(frame, _symbols, Received, IngestSource.Stream, out _, out _) == FrameKind.Trade) trades++;
            }
        });

        Assert.AreEqual(0, allocated);
        Assert.AreEqual(5 * 1_100, trades);
    }

    // Half of them in wire order on the fast path, half in any order with extras, blanks and escapes.
    private static string Write(in Trade trade, Random random)
    {
        var fields = new List<string>
        {
            "\"e\":\"trade\"",
            "\"E\":" + Unix(trade.EventTime),
            "\"s\":" + JsonSerializer.Serialize(trade.Symbol.Ticker),
            "\"t\":" + trade.TradeId.ToString(CultureInfo.InvariantCulture),
            "\"p\":\"" + trade.Price + "\"",
            "\"q\":\"" + trade.Quantity + "\"",
            "\"T\":" + Unix(trade.TradeTime),
            "\"m\":" + (trade.Aggressor == AggressorSide.Sell ? "true" : "false"),
            "\"M\":true",
        };
        var separator = ",";
        if (random.Next(2) == 0)
        {
            fields.Add("\"a\":88780964560");
            fields.Add("\"extra\":" + OddJson.Valid[random.Next(10, 40)]);
            random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
            for (var i = 0; i < fields.Count; i++)
            {
                if (random.Next(4) == 0) fields[i] = $"\"\\u{(int)fields[i][1]:x4}" + fields[i][2..];
            }

            separator = " ,\t";
        }

        var frame = "{" + string.Join(separator, fields) + "}";
        return random.Next(2) == 0 ? frame : "{\"stream\":\"x@trade\",\"data\":" + frame + "}";
    }

    private static Timestamp InMilliseconds(Timestamp time) => new(time.Microseconds % 100_000_000_000_000 * 1000);

    private static string Unix(Timestamp time) => (time.Microseconds / 1000).ToString(CultureInfo.InvariantCulture);

    private FrameKind Parse(string frame, out Trade trade, out ErrorReason reason) =>
        FrameParser.Parse(Encoding.UTF8.GetBytes(frame), _symbols, Received, IngestSource.Replay, out trade, out reason);
}
