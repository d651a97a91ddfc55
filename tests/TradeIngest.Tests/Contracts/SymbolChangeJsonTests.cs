using System.Collections.Immutable;
using System.Text;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Tests.Contracts;

[TestClass]
public sealed class SymbolChangeJsonTests
{
    private static readonly SymbolChange Change = new(
        ChangeSource.ReferenceFile, 7, new NaturalKey("BINANCE", "币安人生USDT"), ChangeOperation.Upsert, new Timestamp(5), new Timestamp(9),
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(
            SymbolAttribute.Sector, "Store \"of\" value").Add(SymbolAttribute.RiskLevel, null));

    [TestMethod]
    [DataRow(ChangeOperation.Upsert)]
    [DataRow(ChangeOperation.Delete)]
    public void TryRead_WhatWasWritten_IsTheSameStatement(ChangeOperation operation)
    {
        var change = Change with { Operation = operation };

        Assert.AreEqual(ErrorReason.None, SymbolChangeJson.TryRead(SymbolChangeJson.Write(change), out var read));

        Assert.AreEqual(change, read);
        Assert.AreEqual(change.RecordedTime, read!.RecordedTime);
        CollectionAssert.AreEqual(change.Attributes.ToArray(), read.Attributes.ToArray());
    }

    [TestMethod]
    public void TryRead_FieldsAndAttributesOfALaterVersion_ArePassedOver()
    {
        var text = Encoding.UTF8.GetString(SymbolChangeJson.Write(Change))
            .Replace("\"attributes\":{", "\"added\":[1],\"attributes\":{\"added_too\":\"x\",", StringComparison.Ordinal);

        Assert.AreEqual(ErrorReason.None, SymbolChangeJson.TryRead(Encoding.UTF8.GetBytes(text), out var read));

        Assert.AreEqual(Change, read);
    }

    [TestMethod]
    [DataRow("\"version\":1", "\"version\":2", ErrorReason.UnknownContractVersion)]
    [DataRow("\"version\":1,", "", ErrorReason.MissingField)]
    [DataRow("\"sequence\":7", "\"sequence\":\"7\"", ErrorReason.WrongType)]
    [DataRow("\"sequence\":7", "\"sequence\":70000000000000000000", ErrorReason.NumberOutOfRange)]
    [DataRow("reference_file", "somebody", ErrorReason.WrongType)]
    [DataRow("upsert", "rename", ErrorReason.WrongType)]
    [DataRow("\"valid_time\":5,", "", ErrorReason.MissingField)]
    [DataRow("}}", "}", ErrorReason.MalformedJson)]
    public void TryRead_Another_IsNamed(string part, string instead, ErrorReason expected)
    {
        var text = Encoding.UTF8.GetString(SymbolChangeJson.Write(Change)).Replace(part, instead, StringComparison.Ordinal);

        Assert.AreEqual(expected, SymbolChangeJson.TryRead(Encoding.UTF8.GetBytes(text), out var read));
        Assert.IsNull(read);
    }

    [TestMethod]
    public void TryRead_MutatedBytes_NeverThrows()
    {
        var random = new Random(1);
        var good = SymbolChangeJson.Write(Change);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = good[..random.Next(good.Length + 1)];
            for (var n = random.Next(4); n > 0 && bytes.Length > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            var reason = SymbolChangeJson.TryRead(bytes, out var change);

            Assert.AreEqual(reason == ErrorReason.None, change is not null);
        }
    }

    [TestMethod]
    public void Key_DifferentChangesOfOneSymbol_Differs()
    {
        Assert.AreNotEqual(
            Encoding.UTF8.GetString(SymbolChangeJson.Key(Change)), Encoding.UTF8.GetString(
                SymbolChangeJson.Key(Change with { Sequence = 8 })));
    }
}
