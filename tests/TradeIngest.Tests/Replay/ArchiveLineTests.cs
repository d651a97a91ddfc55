using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Replay;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Replay;

[TestClass]
public sealed class ArchiveLineTests
{
    private const string Line = "5866398099,78738.60000000,0.00059000,46.45577400,1770076800005000,True,True";

    private static readonly Timestamp Received = new(1_790_000_000_000_000);

    private readonly Symbol _symbol = new SymbolTable().Intern("BTCUSDT");

    [TestMethod]
    public void TryParse_PublishedLine_GivesEveryField()
    {
        Assert.AreEqual(ErrorReason.None, Parse(Line, out var trade, out var quoteMatches));

        var time = new Timestamp(1770076800005000);
        var expected = new Trade(
            _symbol, 5866398099, Price.Parse("78738.6"), Quantity.Parse("0.00059"), time, time, Received, AggressorSide.Sell, IngestSource.Replay);
        Assert.AreEqual(expected, trade);
        Assert.IsTrue(quoteMatches);
    }

    [TestMethod]
    [DataRow("5866398099,78738.6,0.00059,46.455774,1770076800005000,true,true", DisplayName = "unpadded, lower case")]
    [DataRow("5866398099,78738.60000000,0.00059000,46.45577400,1770076800005000,True,False", DisplayName = "not the best match")]
    [DataRow("5866398099,078738.600000000,0.00059000,46.45577400,1770076800005000,True,False", DisplayName = "needless zeros")]
    public void TryParse_OtherSpelling_IsTheSameTrade(string line)
    {
        Parse(Line, out var expected, out _);

        Assert.AreEqual(ErrorReason.None, Parse(line, out var trade, out var quoteMatches));
        Assert.AreEqual(expected, trade);
        Assert.IsTrue(quoteMatches);
    }

    [TestMethod]
    public void TryParse_Milliseconds_BecomeMicroseconds()
    {
        Parse(Line.Replace("1770076800005000", "1735689599999"), out var trade, out _);

        Assert.AreEqual(new Timestamp(1735689599999000), trade.TradeTime);
    }

    [TestMethod]
    [DataRow("True", AggressorSide.Sell)]
    [DataRow("False", AggressorSide.Buy)]
    [DataRow("false", AggressorSide.Buy)]
    public void TryParse_BuyerIsMaker_TellsTheAggressor(string flag, AggressorSide side)
    {
        Parse(Line.Replace("True,True", flag + ",True"), out var trade, out _);

        Assert.AreEqual(side, trade.Aggressor);
    }

    [TestMethod]
    [DataRow("46.45577401")]
    [DataRow("-46.45577400")]
    [DataRow("0")]
    public void TryParse_OtherQuoteQuantity_IsSaid(string quote)
    {
        Assert.AreEqual(ErrorReason.None, Parse(Line.Replace("46.45577400", quote), out _, out var quoteMatches));

        Assert.IsFalse(quoteMatches);
    }

    [TestMethod]
    [DataRow("", ErrorReason.MalformedLine, "1 fields instead of 7")]
    [DataRow("x", ErrorReason.MalformedLine, "1 fields instead of 7")]
    [DataRow(Line + ",", ErrorReason.MalformedLine, "8 fields instead of 7")]
    [DataRow("5866398099,78738.60000000,0.00059000,46.45577400,1770076800005000,True", ErrorReason.MalformedLine, "6 fields instead of 7")]
    [DataRow(",78738.6,0.00059,46.455774,1770076800005000,True,True", ErrorReason.MalformedLine, "id: malformed_line")]
    [DataRow("5866398099.0,78738.6,0.00059,46.455774,1770076800005000,True,True", ErrorReason.MalformedLine, "id: malformed_line")]
    [DataRow(" 5866398099,78738.6,0.00059,46.455774,1770076800005000,True,True", ErrorReason.MalformedLine, "id: malformed_line")]
    [DataRow("+1,78738.6,0.00059,46.455774,1770076800005000,True,True", ErrorReason.MalformedLine, "id: malformed_line")]
    [DataRow("9223372036854775808,78738.6,0.00059,46.455774,1770076800005000,True,True", ErrorReason.NumberOutOfRange, "id: number_out_of_range")]
    [DataRow("1,7.9e4,0.00059,46.455774,1770076800005000,True,True", ErrorReason.MalformedLine, "price: malformed_line")]
    [DataRow("1,92233720369,0.00059,46.455774,1770076800005000,True,True", ErrorReason.NumberOutOfRange, "price: number_out_of_range")]
    [DataRow("1,2,0.000000001,46.455774,1770076800005000,True,True", ErrorReason.NumberOutOfRange, "qty: number_out_of_range")]
    [DataRow("1,2,3,,1770076800005000,True,True", ErrorReason.MalformedLine, "quoteQty: malformed_line")]
    [DataRow("1,2,3,6,2026-02-03,True,True", ErrorReason.MalformedLine, "time: malformed_line")]
    [DataRow("1,2,3,6,1770076800005000,TRUE,True", ErrorReason.MalformedLine, "isBuyerMaker: malformed_line")]
    [DataRow("1,2,3,6,1770076800005000,True,1", ErrorReason.MalformedLine, "isBestMatch: malformed_line")]
    public void TryParse_Malformed_SaysWhatAndWhere(string line, ErrorReason reason, string explanation)
    {
        Assert.AreEqual(reason, Parse(line, out var trade, out _));

        Assert.AreEqual(default, trade);
        Assert.AreEqual(explanation, ArchiveLine.Explain(Encoding.UTF8.GetBytes(line)));
    }

    [TestMethod]
    public void TryParse_EveryTruncation_IsRefused()
    {
        for (var length = 0; length < Line.Length; length++)
        {
            Assert.AreEqual(ErrorReason.MalformedLine, Parse(Line[..length], out _, out _), Line[..length]);
        }
    }

    [TestMethod]
    public void TryParse_OddTrades_RoundTrip()
    {
        var trades = new TradeGenerator(seed: 5, new SymbolTable());
        for (var i = 0; i < 10_000; i++)
        {
            var odd = trades.NextOdd();
            var line = FormattableString.Invariant($"{odd.TradeId},{odd.Price},{odd.Quantity},0,{odd.TradeTime.Microseconds},{odd.Aggressor == AggressorSide.Sell},False");

            Assert.AreEqual(ErrorReason.None, Parse(line, out var trade, out _), line);

            var time = Timestamp.FromUnixGuessingUnit(odd.TradeTime.Microseconds);
            Assert.AreEqual(odd with { Symbol = _symbol, EventTime = time, TradeTime = time, ReceivedTime = Received, Source = IngestSource.Replay }, trade);
        }
    }

    private ErrorReason Parse(string line, out Trade trade, out bool quoteMatches) =>
        ArchiveLine.TryParse(Encoding.UTF8.GetBytes(line), _symbol, Received, out trade, out quoteMatches);
}
