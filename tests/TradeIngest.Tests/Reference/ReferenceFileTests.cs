using Crypto.TradeIngest.Reference;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Tests.Reference;

[TestClass]
public sealed class ReferenceFileTests
{
    [TestMethod]
    public void Parse_AsDocumented_GivesItsStatements()
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
        Assert.AreEqual(("Store of value", "LOW"), (statements[0].Attributes[SymbolAttribute.Sector], statements[0].Attributes[SymbolAttribute.RiskLevel]));
        Assert.IsNull(statements[0].ValidFrom);
        Assert.AreEqual(Timestamp.Parse("2026-03-01T00:00:00Z"), statements[1].ValidFrom);
    }

    [TestMethod]
    [DataRow("BTCUSDT,,", null, null)]
    [DataRow(" btcusdt , Store of value ,LOW", "Store of value", "LOW")]
    [DataRow("BTCUSDT,a,b,", "a", "b")]
    [DataRow("币安人生USDT,梗,HIGH", "梗", "HIGH")]
    public void Parse_Line_IsReadWithoutItsBlanks(string line, string? sector, string? riskLevel)
    {
        var statement = ReferenceFile.Parse([line]).Statements.Single();

        Assert.AreEqual((sector, riskLevel), (statement.Attributes[SymbolAttribute.Sector], statement.Attributes[SymbolAttribute.RiskLevel]));
        Assert.AreEqual(line.Split(',')[0].Trim().ToUpperInvariant(), statement.Key.Ticker);
    }

    [TestMethod]
    public void Parse_ByteOrderMarkCommentsAndBlankLines_AreSkipped()
    {
        var (statements, faults) = ReferenceFile.Parse(["\uFEFFTicker,sector,risk_level", "", "# a comment, with commas", "   ", "BTCUSDT,a,b"]);

        Assert.IsEmpty(faults);
        Assert.AreEqual("BTCUSDT", statements.Single().Key.Ticker);
    }

    [TestMethod]
    public void Parse_ByteOrderMarkWithoutAHeader_IsNoPartOfTheTicker() =>
        Assert.AreEqual("BTCUSDT", ReferenceFile.Parse(["\uFEFFBTCUSDT,a,b"]).Statements.Single().Key.Ticker);

    [TestMethod]
    public void Parse_BadLines_AreFaultsWithTheirNumbersAndTheOthersCount()
    {
        var (statements, faults) = ReferenceFile.Parse(
        [
            "# first",
            "BTCUSDT,a",
            "ETHUSDT,a,b",
            ",a,b",
            "SOLUSDT,a,b,someday",
            "BNBUSDT,a,b,2026-03-01T00:00:00Z,more",
            "XRPUSDT,a,b",
        ]);

        Assert.AreEqual("ETHUSDT XRPUSDT", string.Join(' ', statements.Select(statement => statement.Key.Ticker)));
        Assert.HasCount(4, faults);
        Assert.StartsWith("line 2: 2 fields", faults[0]);
        Assert.StartsWith("line 4: the ticker is empty", faults[1]);
        Assert.StartsWith("line 5: valid_from 'someday'", faults[2]);
        Assert.StartsWith("line 6: 5 fields", faults[3]);
    }

    [TestMethod]
    public void Parse_TwoLinesThatContradictEachOther_TheSecondIsAFault()
    {
        var (statements, faults) = ReferenceFile.Parse(
            ["BTCUSDT,a,LOW", "BTCUSDT,b,LOW,2026-03-01T00:00:00Z", "btcusdt,c,LOW", "BTCUSDT,d,LOW,2026-03-01T01:00:00+01:00", "BTCUSDT,e,LOW,2026-04-01T00:00:00Z"]);

        Assert.AreEqual("a b e", string.Join(' ', statements.Select(statement => statement.Attributes[SymbolAttribute.Sector])));
        Assert.HasCount(2, faults);
        Assert.StartsWith("line 3: BTCUSDT", faults[0]);
        Assert.StartsWith("line 4: BTCUSDT", faults[1]);
    }
}
