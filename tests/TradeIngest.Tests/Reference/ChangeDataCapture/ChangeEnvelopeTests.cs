using System.Text;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Tests.Reference.ChangeDataCapture;

[TestClass]
public sealed class ChangeEnvelopeTests
{
    private static readonly Timestamp Recorded = Timestamp.Parse("2026-10-01T00:00:00Z");

    [TestMethod]
    public void Read_UpdateOfPostgres_StatesOnlyWhatChanged()
    {
        var change = Read(
            """
            {"before":{"id":1,"ticker":"solusdt","sector":"L1","risk_level":"MEDIUM"},
             "after":{"id":1,"ticker":"solusdt","sector":"L1","risk_level":"HIGH"},
             "source":{"connector":"postgresql","ts_ms":1790446152679,"lsn":24023128,"snapshot":"false"},"op":"u","ts_ms":1790446152701}
            """).Single();

        Assert.AreEqual(
            (ChangeSource.ChangeDataCapture, ChangeOperation.Upsert, 24023128), (change.Source, change.Operation, change.Sequence));
        Assert.AreEqual(new NaturalKey("BINANCE", "SOLUSDT"), change.Key);
        Assert.AreEqual(Timestamp.FromMilliseconds(1790446152679), change.ValidTime);
        Assert.AreEqual(Recorded, change.RecordedTime);
        Assert.AreEqual((SymbolAttribute.RiskLevel, "HIGH"), Single(change));
    }

    [TestMethod]
    public void Read_WithSchemaAndMicroseconds_IsTheSame()
    {
        var change = Read(
            """{"schema":{"type":"struct"},"payload":{"before":null,"after":{"symbol":"BTCUSDT","exchange":"BINANCE","sector":"Gold"},"""
            + """ "source":{"ts_ms":5,"ts_us":5001,"lsn":1},"op":"c"}}""").Single();

        Assert.AreEqual(5001, change.ValidTime.Microseconds);
        Assert.AreEqual((SymbolAttribute.Sector, "Gold"), Single(change));
    }

    [TestMethod]
    public void Read_MySqlPositions_OrderAsTheBinlogDoes()
    {
        string[] sources =
        [
            """{"ts_ms":5,"file":"mysql-bin.000003","pos":154,"row":0}""", """{"ts_ms":5,"file":"mysql-bin.000003","pos":154,"row":1}""",
            """{"ts_ms":5,"file":"mysql-bin.000003","pos":4294967295,"row":0}""",
            """{"ts_ms":5,"file":"mysql-bin.000010","pos":4,"row":0}""",
        ];

        var sequences = sources
            .Select(source =>
                Read($$"""{"before":null,"after":{"ticker":"A","sector":"x"},"source":{{source}},"op":"c"}""").Single().Sequence)
            .ToArray();

        CollectionAssert.AreEqual(sequences.Order().ToArray(), sequences);
        CollectionAssert.AllItemsAreUnique(sequences);
    }

    [TestMethod]
    public void Read_Delete_TakesTheKeyFromBefore()
    {
        var change = Read("""{"before":{"ticker":"LUNAUSDT","sector":"L1"},"after":null,"source":{"ts_ms":7,"lsn":9},"op":"d"}""").Single();

        Assert.AreEqual((ChangeOperation.Delete, "LUNAUSDT"), (change.Operation, change.Key.Ticker));
        Assert.IsEmpty(change.Attributes);
    }

    [TestMethod]
    public void Read_ChangedKey_IsOneThatWentAndOneThatCame()
    {
        var changes = Read(
            """{"before":{"ticker":"OLD","sector":"a"},"after":{"ticker":"NEW","sector":"a"},"""
            + """ "source":{"ts_ms":7,"lsn":9},"op":"u"}""");

        Assert.AreEqual(((ChangeOperation.Delete, "OLD"), (ChangeOperation.Upsert, "NEW")),
            ((changes[0].Operation, changes[0].Key.Ticker), (changes[1].Operation, changes[1].Key.Ticker)));
    }

    [TestMethod]
    [DataRow("null")]
    [DataRow("""{"schema":null,"payload":null}""")]
    [DataRow(
        """{"before":{"ticker":"A","sector":"x"},"after":{"ticker":"A","sector":"x","unknown_column":1},"""
        + """ "source":{"ts_ms":7},"op":"u"}""")]
    public void Read_NothingToSay_GivesNoChange(string json) => Assert.IsEmpty(Read(json));

    [TestMethod]
    public void Read_UnavailableValue_IsLeftAlone()
    {
        var change = Read(
            """{"before":null,"after":{"ticker":"A","sector":"__debezium_unavailable_value","risk_level":null},"""
            + """ "source":{"ts_ms":7,"lsn":1},"op":"u"}""").Single();

        Assert.AreEqual((SymbolAttribute.RiskLevel, (string?)null), Single(change));
    }

    [TestMethod]
    public void Read_FirstSnapshot_HoldsFromTheBeginningAndALaterOneDoesNotRewriteIt()
    {
        var first = Snapshot("LOW", time: 1_000, lsn: 10);
        var changed = Read("""{"before":null,"after":{"ticker":"A","risk_level":"HIGH"},"source":{"ts_ms":2000,"lsn":20},"op":"u"}""");
        var second = Snapshot("HIGH", time: 3_000, lsn: 30);

        var versions = SymbolHistory.Of([.. second, .. changed, .. first], AttributeOwnership.Default).Versions;

        CollectionAssert.AreEqual(new[] { "LOW", "HIGH" }, versions.Select(version => version[SymbolAttribute.RiskLevel]).ToArray());
        Assert.AreEqual(Timestamp.FromMilliseconds(2000), versions[1].ValidFrom);
    }

    [TestMethod]
    public void Read_IncrementalSnapshot_HoldsFromItsTime()
    {
        var change = Read(
            """{"before":null,"after":{"ticker":"A","sector":"x"},"""
            + """ "source":{"ts_ms":7,"lsn":1,"snapshot":"incremental"},"op":"r"}""").Single();

        Assert.AreEqual(Timestamp.FromMilliseconds(7), change.ValidTime);
    }

    [TestMethod]
    [DataRow("", "no JSON")]
    [DataRow("{", "no JSON")]
    [DataRow("[1]", "no JSON object")]
    [DataRow("{}", "no 'op'")]
    [DataRow("""{"op":"c"}""", "no 'source'")]
    [DataRow("""{"op":"c","source":{}}""", "no 'ts_ms'")]
    [DataRow("""{"op":"c","source":{"ts_ms":1.5},"after":{"ticker":"A"}}""", "'ts_ms' is no whole number")]
    [DataRow("""{"op":"c","source":{"ts_ms":"2026-03-01"},"ts_ms":1,"after":{"ticker":"A"}}""", "'ts_ms' is no whole number")]
    [DataRow("""{"op":"c","source":{"ts_us":99999999999999999999},"after":{"ticker":"A"}}""", "'ts_us' is no whole number")]
    [DataRow("""{"op":"c","source":{"ts_ms":9223372036854775807},"after":{"ticker":"A"}}""", "'ts_ms' 9223372036854775807 is not within")]
    [DataRow("""{"op":"c","source":{"ts_us":253402214400000000},"after":{"ticker":"A"}}""", "'ts_us' 253402214400000000 is not within")]
    [DataRow("""{"op":"c","source":{"ts_ms":-1},"after":{"ticker":"A"}}""", "'ts_ms' -1 is not within")]
    [DataRow("""{"op":"c","source":{"ts_ms":1,"lsn":99999999999999999999},"after":{"ticker":"A"}}""", "'lsn' is no whole number")]
    [DataRow("""{"op":"c","source":{"ts_ms":1},"after":{"ticker":"A","sector":"x","sector":"y"}}""", "sector")]
    [DataRow("""{"op":"c","source":{"ts_ms":1},"after":null}""", "no 'after'")]
    [DataRow("""{"op":"d","source":{"ts_ms":1}}""", "no 'before'")]
    [DataRow("""{"op":"c","source":{"ts_ms":1},"after":{"sector":"x"}}""", "no 'ticker'")]
    [DataRow("""{"op":"c","source":{"ts_ms":1},"after":{"ticker":"A","sector":{}}}""", "structure")]
    [DataRow("""{"op":"t","source":{"ts_ms":1}}""", "truncated")]
    [DataRow("""{"op":"z","source":{"ts_ms":1}}""", "'z'")]
    [DataRow("""{"op":7,"source":{"ts_ms":1}}""", "another type")]
    public void Read_NoSuchEvent_SaysWhy(string json, string why) =>
        StringAssert.Contains(Assert.ThrowsExactly<FormatException>(() => Read(json)).Message, why);

    private static IReadOnlyList<SymbolChange> Snapshot(string risk, long time, long lsn) => Read(
        $$$"""{"before":null,"after":{"ticker":"A","risk_level":"{{{risk}}}"},"""
        + $$$""" "source":{"ts_ms":{{{time}}},"lsn":{{{lsn}}},"snapshot":"true"},"op":"r"}""");

    private static IReadOnlyList<SymbolChange> Read(string json) => ChangeEnvelope.Read(Encoding.UTF8.GetBytes(json), Recorded);

    private static (SymbolAttribute Attribute, string? Value) Single(SymbolChange change)
    {
        var (attribute, value) = change.Attributes.Single();
        return (attribute, value);
    }
}
