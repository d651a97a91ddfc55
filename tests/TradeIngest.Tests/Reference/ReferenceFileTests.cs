using Crypto.TradeIngest.Reference;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Tests.Reference;

[TestClass]
public sealed class ReferenceFileTests
{
    [TestMethod]
    public void Parse_AsDocumented_GivesItsAssertions()
    {
        var (statements, faults) = ReferenceFile.Parse(
        [
            "ticker,sector,risk_level,valid_from",
            "BTCUSDT,Store of value,LOW,",
            "SOLUSDT,Smart contracts,HIGH,2026-03-01T00:00:00Z",
        ]);

        Assert.IsEmpty(faults);
        Assert.HasCount(2, statements);
        Assert.AreEqual(new NaturalKey("BINANCE", "BTCUSDT"), statements[0].Key);
        Assert.AreEqual(
            ("Store of value", "LOW"),
            (statements[0].Attributes[SymbolAttribute.Sector], statements[0].Attributes[SymbolAttribute.RiskLevel]));
        Assert.IsNull(statements[0].ValidFrom);
        Assert.AreEqual(Timestamp.Parse("2026-03-01T00:00:00Z"), statements[1].ValidFrom);
    }

    [TestMethod]
    [DataRow("BTCUSDT,,", null, null)]
    [DataRow(" btcusdt , Store of value ,LOW", "Store of value", "LOW")]
    [DataRow("BTCUSDT,\"a, b\",c", "a, b", "c")]
    [DataRow("币安人生USDT,梗,HIGH", "梗", "HIGH")]
    public void Parse_Line_IsReadWithoutItsBlanks(string line, string? sector, string? riskLevel)
    {
        var statement = ReferenceFile.Parse(["ticker,sector,risk_level", line]).Assertions.Single();

        Assert.AreEqual(
            (sector, riskLevel), (statement.Attributes[SymbolAttribute.Sector], statement.Attributes[SymbolAttribute.RiskLevel]));
        Assert.AreEqual(line.Split(',')[0].Trim().ToUpperInvariant(), statement.Key.Ticker);
    }

    [TestMethod]
    public void Parse_ByteOrderMarkCommentsAndBlankLines_AreSkipped()
    {
        var (statements, faults) = ReferenceFile.Parse(
            ["\uFEFFTicker,sector,risk_level", "", "# a comment, with commas", "   ", "BTCUSDT,a,b"]);

        Assert.IsEmpty(faults);
        Assert.AreEqual("BTCUSDT", statements.Single().Key.Ticker);
    }

    [TestMethod]
    [DataRow("sector,valid_from,ticker,risk_level", "a,2026-03-01,BTCUSDT,b")]
    [DataRow("Risk Level , riskLevel_?", null, "column 'riskLevel_?' is unknown, column ticker is missing, column sector is missing")]
    [DataRow(" Valid From ,RiskLevel,SECTOR,Ticker", "2026-03-01,b,a,BTCUSDT")]
    [DataRow("\"risk_level\",\"sector\",\"valid_from\",\"ticker\"", "b,\"a\",2026-03-01,BTCUSDT")]
    [DataRow("symbol,sector,risk_level", null, "column 'symbol' is unknown, column ticker is missing")]
    [DataRow("ticker,sector,risk_level,sector", null, "column sector stands twice")]
    [DataRow("ticker,sector,risk_level,", null, "column '' is unknown")]
    [DataRow("ticker;sector;risk_level", null, "column 'ticker;sector;risk_level' is unknown")]
    [DataRow("BTCUSDT,a,b", null, "column 'BTCUSDT' is unknown")]
    public void Parse_Header_SaysInWhichColumnWhatStands(string header, string? line, string? fault = null)
    {
        var (statements, faults) = ReferenceFile.Parse(["# kept by hand", header, line ?? "BTCUSDT,a,b,c"]);

        if (fault is null)
        {
            Assert.IsEmpty(faults);
            var (key, attributes, validFrom) = statements.Single();
            Assert.AreEqual(("BTCUSDT", "a", "b"), (key.Ticker, attributes[SymbolAttribute.Sector], attributes[SymbolAttribute.RiskLevel]));
            Assert.AreEqual(Timestamp.Parse("2026-03-01"), validFrom);
            return;
        }

        Assert.IsEmpty(statements);
        Assert.StartsWith("line 2: ", faults.Single());
        Assert.Contains(fault, faults[0]);
        Assert.Contains("ticker,sector,risk_level[,valid_from]", faults[0]);
    }

    [TestMethod]
    [DataRow("12:00")]
    [DataRow("01/02/2026")]
    [DataRow("1969-12-31T23:59:59Z")]
    [DataRow("9999-12-31")]
    public void Parse_ValidFromThatIsNoDateOrNotOfTheCalendar_IsAFault(string time)
    {
        var (statements, faults) = ReferenceFile.Parse(["ticker,sector,risk_level,valid_from", $"BTCUSDT,a,b,{time}"]);

        Assert.IsEmpty(statements);
        Assert.StartsWith($"line 2: valid_from '{time}' is not ", faults.Single());
    }

    [TestMethod]
    public void Parse_BadLines_AreFaultsWithTheirNumbersAndTheOthersCount()
    {
        var (statements, faults) = ReferenceFile.Parse(
        [
            "ticker,sector,risk_level,valid_from",
            "BTCUSDT,a,",
            "ETHUSDT,a,b,",
            ",a,b,",
            "SOLUSDT,a,b,someday",
            "BNBUSDT,a,b,2026-03-01T00:00:00Z,more",
            "ADAUSDT,\"a,b,",
            "XRPUSDT,a,b,",
        ]);

        Assert.AreEqual("ETHUSDT XRPUSDT", string.Join(' ', statements.Select(statement => statement.Key.Ticker)));
        Assert.HasCount(5, faults);
        Assert.StartsWith("line 2: 3 fields where the first line names 4", faults[0]);
        Assert.StartsWith("line 4: the ticker is empty", faults[1]);
        Assert.StartsWith("line 5: valid_from 'someday'", faults[2]);
        Assert.StartsWith("line 6: 5 fields", faults[3]);
        Assert.StartsWith("line 7: a quote is not closed", faults[4]);
    }

    [TestMethod]
    public void Parse_TwoLinesThatContradictEachOther_TheSecondIsAFault()
    {
        var (statements, faults) = ReferenceFile.Parse(
        [
            "ticker,sector,risk_level,valid_from",
            "BTCUSDT,a,LOW,",
            "BTCUSDT,b,LOW,2026-03-01T00:00:00Z",
            "btcusdt,c,LOW,",
            "BTCUSDT,d,LOW,2026-03-01T01:00:00+01:00",
            "BTCUSDT,e,LOW,2026-04-01T00:00:00Z",
        ]);

        Assert.AreEqual("a b e", string.Join(' ', statements.Select(statement => statement.Attributes[SymbolAttribute.Sector])));
        Assert.HasCount(2, faults);
        Assert.StartsWith("line 4: BTCUSDT", faults[0]);
        Assert.StartsWith("line 5: BTCUSDT", faults[1]);
    }
}
