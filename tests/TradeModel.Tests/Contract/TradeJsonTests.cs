using System.Text;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Tests.Contract;

[TestClass]
public sealed class TradeJsonTests
{
    private const string Written =
        """{"version":1,"exchange":"BINANCE","symbol":"BTCUSDT","trade_id":6715234671,"price":"84106.09000000","quantity":"0.00007000",""" +
        "\"event_time\"" + """:1790446152679000,"trade_time":1790446152678000,"received_time":1790446152701233,""" +
        "\"aggressor_side\"" + """:"SELL","source":"STREAM"}""";

    private readonly SymbolTable _symbols = new();

    [TestMethod]
    public void Write_Trade_IsTheDocumentedText() => Assert.AreEqual(Written, Encoding.UTF8.GetString(Write(Documented())));

    [TestMethod]
    public void TryRead_DocumentedText_IsTheTrade()
    {
        Assert.AreEqual(ErrorReason.None, Read(Written, out var trade));

        Assert.AreEqual(Documented(), trade);
    }

    [TestMethod]
    public void TryRead_WhatWasWritten_IsTheSameTrade()
    {
        var trades = new TradeGenerator(seed: 1, _symbols);
        for (var i = 0; i < 50_000; i++)
        {
            var trade = i % 2 == 0 ? trades.NextPlausible() : trades.NextOdd();

            var json = Write(trade);

            Assert.AreEqual(ErrorReason.None, TradeJson.TryRead(json, _symbols, out var read), Encoding.UTF8.GetString(json));
            Assert.AreEqual(trade, read);
        }
    }

    [TestMethod]
    public void Write_OddTrades_IsJsonThatOthersReadTheSame()
    {
        var trades = new TradeGenerator(seed: 2, _symbols);
        for (var i = 0; i < 5_000; i++)
        {
            var trade = trades.NextOdd();

            using var document = JsonDocument.Parse(Write(trade));

            var root = document.RootElement;
            Assert.AreEqual(trade.Symbol.Ticker, root.GetProperty("symbol").GetString());
            Assert.AreEqual(trade.TradeId, root.GetProperty("trade_id").GetInt64());
            Assert.AreEqual(trade.Price.ToString(), root.GetProperty("price").GetString());
            Assert.AreEqual(trade.Quantity.ToString(), root.GetProperty("quantity").GetString());
            Assert.AreEqual(trade.EventTime.Microseconds, root.GetProperty("event_time").GetInt64());
            Assert.AreEqual(trade.TradeTime.Microseconds, root.GetProperty("trade_time").GetInt64());
            Assert.AreEqual(trade.ReceivedTime.Microseconds, root.GetProperty("received_time").GetInt64());
        }
    }

    [TestMethod]
    public void Write_NumbersAroundEveryPowerOfTen_AreReadTheSame()
    {
        for (long power = 1; power <= long.MaxValue / 10; power *= 10)
        {
            var trade = Documented() with
            {
                TradeId = power - 1,
                EventTime = new Timestamp(power),
                TradeTime = new Timestamp(power + 1),
                ReceivedTime = new Timestamp(-power),
            };

            Assert.AreEqual(ErrorReason.None, TradeJson.TryRead(Write(trade), _symbols, out var read));
            Assert.AreEqual(trade, read);
        }
    }

    [TestMethod]
    public void Write_NonAsciiTicker_LeavesItAsUtf8() =>
        Assert.Contains("\"symbol\":\"币安人生USDT\"",
            Encoding.UTF8.GetString(Write(Documented() with { Symbol = _symbols.Intern("币安人生USDT") })));

    [TestMethod]
    public void Write_LongestTrade_FitsMaxLength()
    {
        var longest = new Trade(
            _symbols.Intern(new string('\u0001', SymbolTable.MaxTickerLength)),
            long.MinValue,
            new Price(long.MinValue),
            new Quantity(long.MinValue),
            new Timestamp(long.MinValue),
            new Timestamp(long.MinValue),
            new Timestamp(long.MinValue),
            AggressorSide.Sell,
            IngestSource.Backfill);

        Assert.IsLessThanOrEqualTo(TradeJson.MaxLength, Write(longest).Length);
    }

    [TestMethod]
    public void Write_DestinationOfAnySmallerSize_Throws()
    {
        var trade = Documented();
        var needed = Write(trade).Length;

        for (var size = 0; size < needed; size++)
        {
            var destination = new byte[size];
            Assert.Throws<ArgumentException>(() => TradeJson.Write(trade, destination), $"{size} bytes");
        }
    }

    [TestMethod]
    public void Write_UndefinedSideOrSource_Throws()
    {
        var buffer = new byte[TradeJson.MaxLength];

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() =>
            TradeJson.Write(Documented() with { Aggressor = (AggressorSide)99 }, buffer));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => TradeJson.Write(Documented() with { Source = (IngestSource)99 }, buffer));
    }

    [TestMethod]
    public void TryRead_OtherKeyOrder_IsTheSameTrade()
    {
        using var document = JsonDocument.Parse(Written);
        var reversed = "{" + string.Join(',', document.RootElement.EnumerateObject().Reverse().Select(field => field.ToString())) + "}";

        Assert.AreEqual(ErrorReason.None, Read(reversed, out var trade));

        Assert.AreEqual(Documented(), trade);
    }

    [TestMethod]
    [DataRow("\"trade_id\":6715234671", "\"trade_id\" : 6715234671", DisplayName = "blanks")]
    [DataRow("\"price\":", "\"future\":{\"version\":9,\"deep\":[[{}]]},\"price\":", DisplayName = "unknown field of a later writer")]
    [DataRow("\"symbol\":\"BTCUSDT\"", "\"\\u0073ymbol\":\"\\u0042TCUSDT\"", DisplayName = "escapes")]
    [DataRow("84106.09000000", "84106.09", DisplayName = "fewer decimals")]
    [DataRow("\"SELL\"", "\"S\\u0045LL\"", DisplayName = "escape in a name")]
    [DataRow("}", "}\r\n\t ", DisplayName = "blanks at the end")]
    public void TryRead_OtherSpelling_IsTheSameTrade(string part, string spelling)
    {
        Assert.AreEqual(ErrorReason.None, Read(Written.Replace(part, spelling, StringComparison.Ordinal), out var trade));

        Assert.AreEqual(Documented(), trade);
    }

    [TestMethod]
    [DataRow("\"version\":1", "\"version\":2", ErrorReason.UnknownContractVersion)]
    [DataRow("\"version\":1", "\"version\":\"1\"", ErrorReason.WrongType)]
    [DataRow("\"version\":1,", "", ErrorReason.MissingField)]
    [DataRow("\"version\":1,", "\"version\":1,\"version\":1,", ErrorReason.DuplicateField)]
    [DataRow("\"version\":1", "\"version\":01", ErrorReason.MalformedJson)]
    [DataRow("BINANCE", "KRAKEN", ErrorReason.UnknownContractVersion)]
    [DataRow("\"BTCUSDT\"", "\"\"", ErrorReason.BadSymbol)]
    [DataRow("\"BTCUSDT\"", "null", ErrorReason.WrongType)]
    [DataRow("\"BTCUSDT\"", "\"\\ud800\"", ErrorReason.BadSymbol)]
    [DataRow("6715234671", "\"6715234671\"", ErrorReason.WrongType)]
    [DataRow("6715234671", "6715234671.0", ErrorReason.WrongType)]
    [DataRow("6715234671", "9223372036854775808", ErrorReason.NumberOutOfRange)]
    [DataRow("\"84106.09000000\"", "84106.09", ErrorReason.WrongType)]
    [DataRow("84106.09000000", "1e5", ErrorReason.WrongType)]
    [DataRow("84106.09000000", "84106.090000001", ErrorReason.NumberOutOfRange)]
    [DataRow("84106.09000000", "92233720368.54775808", ErrorReason.NumberOutOfRange)]
    [DataRow("84106.09000000", "-92233720368.54775809", ErrorReason.NumberOutOfRange)]
    [DataRow("\"quantity\":\"0.00007000\",", "", ErrorReason.MissingField)]
    [DataRow("\"SELL\"", "\"sell\"", ErrorReason.WrongType)]
    [DataRow("\"STREAM\"", "\"KAFKA\"", ErrorReason.WrongType)]
    [DataRow("\"STREAM\"", "1", ErrorReason.WrongType)]
    [DataRow("\"source\"", "\"price\"", ErrorReason.DuplicateField)]
    [DataRow("}", "", ErrorReason.MalformedJson)]
    [DataRow("}", "}}", ErrorReason.MalformedJson)]
    [DataRow("}", ",}", ErrorReason.MalformedJson)]
    public void TryRead_FaultyText_SaysWhy(string part, string replacement, ErrorReason expected)
    {
        Assert.AreEqual(expected, Read(Written.Replace(part, replacement, StringComparison.Ordinal), out var trade));

        Assert.AreEqual(default, trade);
    }

    [TestMethod]
    [DataRow("", ErrorReason.MalformedJson)]
    [DataRow("null", ErrorReason.WrongType)]
    [DataRow("[]", ErrorReason.WrongType)]
    [DataRow("\"text\"", ErrorReason.WrongType)]
    [DataRow("{}", ErrorReason.MissingField)]
    public void TryRead_OtherJson_SaysWhy(string json, ErrorReason expected) => Assert.AreEqual(expected, Read(json, out _));

    [TestMethod]
    public void TryRead_EveryTruncation_IsMalformed()
    {
        var whole = Encoding.UTF8.GetBytes(Written);
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.AreEqual(ErrorReason.MalformedJson, TradeJson.TryRead(whole.AsSpan(0, length), _symbols, out _), $"{length} bytes");
        }
    }

    [TestMethod]
    public void TryRead_EveryByteReplaced_NeverThrowsAndNeverMisreads()
    {
        var whole = Encoding.UTF8.GetBytes(Written);
        for (var position = 0; position < whole.Length; position++)
        {
            for (var value = 0; value < 256; value += 3)
            {
                var mutant = whole.ToArray();
                mutant[position] = (byte)value;

                var reason = TradeJson.TryRead(mutant, _symbols, out var trade);

                // A mutant that still reads must be JSON in which the trade's own text is found again.
                if (reason != ErrorReason.None) continue;
                using var document = JsonDocument.Parse(mutant);
                Assert.AreEqual(trade.TradeId, document.RootElement.GetProperty("trade_id").GetInt64());
                Assert.AreEqual(trade.Symbol.Ticker, document.RootElement.GetProperty("symbol").GetString());
                Assert.AreEqual(trade.Price, Price.Parse(document.RootElement.GetProperty("price").GetString()!));
                Assert.AreEqual(trade.Quantity, Quantity.Parse(document.RootElement.GetProperty("quantity").GetString()!));
            }
        }
    }

    [TestMethod]
    public void TryRead_FaultyTrade_LeavesTheSymbolTableAlone()
    {
        Read(Written.Replace("\"SELL\"", "\"sell\"", StringComparison.Ordinal), out _);

        Assert.AreEqual(0, _symbols.Count);
    }

    [TestMethod]
    public void WriteAndRead_KnownSymbol_AllocateNothing()
    {
        var trade = Documented();
        var buffer = new byte[TradeJson.MaxLength];
        var otherOrder = Encoding.UTF8.GetBytes(
            Written.Replace("{\"version\":1,", "{ \"extra\":[1,2],\"version\":1,", StringComparison.Ordinal));

        var read = 0;
        var allocated = Allocations.Of(() =>
        {
            var length = TradeJson.Write(trade, buffer);
            if (TradeJson.TryRead(buffer.AsSpan(0, length), _symbols, out _) == ErrorReason.None) read++;
            if (TradeJson.TryRead(otherOrder, _symbols, out _) == ErrorReason.None) read++;
        });

        Assert.AreEqual(0, allocated);
        Assert.AreEqual(2 * 1_100, read);
    }

    private Trade Documented() => new(
        _symbols.Intern("BTCUSDT"),
        6715234671,
        Price.Parse("84106.09"),
        Quantity.Parse("0.00007"),
        new Timestamp(1790446152679000),
        new Timestamp(1790446152678000),
        new Timestamp(1790446152701233),
        AggressorSide.Sell,
        IngestSource.Stream);

    private static byte[] Write(in Trade trade)
    {
        var buffer = new byte[TradeJson.MaxLength];
        return buffer[..TradeJson.Write(trade, buffer)];
    }

    private ErrorReason Read(string json, out Trade trade) => TradeJson.TryRead(Encoding.UTF8.GetBytes(json), _symbols, out trade);
}
