using System.Text;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeIngest.Tests.Contracts;

[TestClass]
public sealed class CaptureStateTests
{
    [TestMethod]
    public void Of_AnyIds_GivesThemBackThroughJson()
    {
        var ids = Gen.Choose(5, 60).Select(id => (long)id).ListOf();
        Prop.ForAll(ids.ToArbitrary(), list =>
        {
            var set = new IdRangeSet();
            foreach (var id in list) set.Add(id);

            Assert.AreEqual(
                ErrorReason.None, CaptureStateJson.TryRead(CaptureStateJson.Write(CaptureState.Of("BTCUSDT", 5, set)), out var state));
            var read = new IdRangeSet();
            state!.AddTo(read);

            Assert.AreEqual(set.ToString(), read.ToString());
            Assert.AreEqual(("BTCUSDT", 5L, Math.Max(5, set.Max + 1)), (state.Ticker, state.From, state.Next));
        }).QuickCheckThrowOnFailure();
    }

    [TestMethod]
    public void Of_MoreGapsThanARecordTells_ClaimsOnlyWhatIsBeforeThem()
    {
        var set = new IdRangeSet();
        for (var i = 0; i <= CaptureState.MaxMissing + 5; i++) set.Add(10 + (2L * i));

        var state = CaptureState.Of("BTCUSDT", 10, set);

        Assert.HasCount(CaptureState.MaxMissing, state.Missing);
        Assert.AreEqual(10 + (2L * CaptureState.MaxMissing) + 1, state.Next);
    }

    [TestMethod]
    [DataRow("""{"version":1,"ticker":"A","from":5,"next":4,"missing":[]}""", ErrorReason.NumberOutOfRange)]
    [DataRow("""{"version":1,"ticker":"A","from":-1,"next":4,"missing":[]}""", ErrorReason.NumberOutOfRange)]
    [DataRow("""{"version":1,"ticker":"A","from":1,"next":9,"missing":[[3,9]]}""", ErrorReason.NumberOutOfRange)]
    [DataRow("""{"version":1,"ticker":"A","from":1,"next":9,"missing":[[5,6],[3,4]]}""", ErrorReason.NumberOutOfRange)]
    [DataRow("""{"version":1,"ticker":"A","from":1,"next":9,"missing":[["3",4]]}""", ErrorReason.MalformedJson)]
    [DataRow("""{"version":1,"ticker":"A","from":1,"next":1.5,"missing":[]}""", ErrorReason.MalformedJson)]
    [DataRow("""{"version":1,"ticker":"A","from":1,"missing":[]}""", ErrorReason.MissingField)]
    [DataRow("""{"version":2}""", ErrorReason.UnknownContractVersion)]
    [DataRow("[]", ErrorReason.WrongType)]
    [DataRow("{", ErrorReason.MalformedJson)]
    public void TryRead_WhatCouldClaimTooMuch_IsRefused(string json, object reason)
    {
        Assert.AreEqual(reason, CaptureStateJson.TryRead(Encoding.UTF8.GetBytes(json), out var state));
        Assert.IsNull(state);
    }

    [TestMethod]
    public void TryRead_FieldsOfALaterVersion_ArePassedOver()
    {
        var json = """{"version":1,"ticker":"A","from":1,"next":4,"missing":[[2,2]],"writer":{"host":"b"}}"""u8.ToArray();

        Assert.AreEqual(ErrorReason.None, CaptureStateJson.TryRead(json, out var state));
        Assert.AreEqual(new IdRange(2, 2), state!.Missing.Single());
    }
}
