using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Loading;
using GapVerdict = Crypto.Warehouse.Loading.GapVerdict;

namespace Crypto.TradeIngest.Tests.Sink;

[TestClass]
public sealed class BatchDecoderTests
{
    private static readonly Timestamp Appended = new(1_770_000_000_000_000);

    private readonly SymbolTable _symbols = new();

    [TestMethod]
    public void Decode_TradesAmongOtherRecords_TellsEachTradeItsRecordAndRejectsTheRest()
    {
        using var decoder = new BatchDecoder("e1", Topics.StockTrades, _symbols);
        var (first, second) = (Batches.Trade(_symbols.Intern("BTCUSDT"), 1), Batches.Trade(_symbols.Intern("ETHUSDT"), 9));
        byte[] foreign = [.. "{\"version\":2}"u8];

        var batch = decoder.Decode(Slice(40, [0xFF], SinkRecords.Of(first), foreign, [], SinkRecords.Of(second)));

        Assert.AreEqual(
            (new LogPartition("e1", Topics.StockTrades, 3), 40L, 45L, true),
            (batch.Partition, batch.FromOffset, batch.NextOffset, batch.KeepRaw));
        CollectionAssert.AreEqual(new[] { first, second }, batch.Trades.ToArray());
        CollectionAssert.AreEqual(new[] { 1, 4 }, batch.TradeRecords.ToArray());
        Assert.AreEqual(5, batch.Records.Length);
        CollectionAssert.AreEqual(new long[] { 40, 42, 43 }, batch.Rejected.Select(rejected => rejected.Offset).ToArray());
        CollectionAssert.AreEqual(
            new[] { ErrorReason.MalformedJson, ErrorReason.UnknownContractVersion, ErrorReason.MalformedJson },
            batch.Rejected.Select(rejected => rejected.Reason).ToArray());
        Assert.IsTrue(batch.Rejected[1].Payload.Span.SequenceEqual(foreign));
        Assert.IsTrue(
            batch.Rejected.All(rejected => rejected.ReceivedTime == Appended && rejected.Detail.Length > 0 && rejected.Identity is null));
    }

    [TestMethod]
    public void Decode_VerdictsAmongTrades_TellsEachItsRecord()
    {
        using var decoder = new BatchDecoder("e1", Topics.StockTrades, _symbols);
        var btc = _symbols.Intern("BTCUSDT");
        byte[] Verdict(string fields) => [.. System.Text.Encoding.UTF8.GetBytes($"{{\"version\":1,{fields}}}")];

        var batch = decoder.Decode(Slice(
            40,
            GapVerdictJson.Write(new ExchangeHole(default, btc, new IdRange(2, 3))),
            SinkRecords.Of(Batches.Trade(btc, 4)),
            Verdict("\"verdict\":\"OUT_OF_REACH\",\"symbol\":\"BTCUSDT\",\"from_id\":5,\"to_id\":6"),
            Verdict("\"verdict\":\"OUT_OF_REACH\",\"symbol\":\"BTCUSDT\",\"from_id\":6,\"to_id\":5"),
            Verdict("\"verdict\":\"LATER\",\"symbol\":\"BTCUSDT\",\"from_id\":5,\"to_id\":6"),
            Verdict("\"verdict\":\"EXCHANGE_HOLE\",\"symbol\":\"\",\"from_id\":5,\"to_id\":6"),
            Verdict("\"verdict\":\"EXCHANGE_HOLE\",\"symbol\":\"BTCUSDT\",\"from_id\":5,\"to_id\":\"6\"")));

        CollectionAssert.AreEqual(
            new GapVerdict[]
            {
                new(0, btc, new IdRange(2, 3), CoverageState.ExchangeHole), new(2, btc, new IdRange(5, 6), CoverageState.OutOfReach),
            },
            batch.Verdicts.ToArray());
        CollectionAssert.AreEqual(new[] { 1 }, batch.TradeRecords.ToArray());
        CollectionAssert.AreEqual(new long[] { 43, 44, 45, 46 }, batch.Rejected.Select(rejected => rejected.Offset).ToArray());
    }

    [TestMethod]
    public void Decode_MoreRecordsThanBefore_GrowsAndKeepsOrder()
    {
        using var decoder = new BatchDecoder("e1", Topics.StockTrades, _symbols);
        var symbol = _symbols.Intern("BTCUSDT");
        foreach (var count in new[] { 10, 20_000, 5 })
        {
            var batch = decoder.Decode(Slice(0, [.. Enumerable.Range(1, count).Select(id => SinkRecords.Of(Batches.Trade(symbol, id)))]));

            CollectionAssert.AreEqual(
                Enumerable.Range(1, count).Select(id => (long)id).ToArray(),
                batch.Trades.ToArray().Select(trade => trade.TradeId).ToArray());
            CollectionAssert.AreEqual(Enumerable.Range(0, count).ToArray(), batch.TradeRecords.ToArray());
        }
    }

    [TestMethod]
    public void Decode_DeadLetters_BecomeRejectionsWithTheirOwnReasonAndBytes()
    {
        using var decoder = new BatchDecoder("e1", Topics.DeadLetters, _symbols);

        var batch = decoder.Decode(Slice(0, SinkRecords.Letter([1, 2, 0xFF]), [.. "no letter"u8]));

        Assert.IsFalse(batch.KeepRaw);
        Assert.AreEqual(0, batch.Trades.Length);
        Assert.AreEqual(
            (0L, ErrorReason.MalformedJson, "frame 1"), (batch.Rejected[0].Offset, batch.Rejected[0].Reason, batch.Rejected[0].Detail));
        Assert.AreEqual(new Timestamp(1_770_076_800_000_000), batch.Rejected[0].ReceivedTime);
        CollectionAssert.AreEqual(new byte[] { 1, 2, 0xFF }, batch.Rejected[0].Payload.ToArray());
        Assert.AreEqual((1L, Appended), (batch.Rejected[1].Offset, batch.Rejected[1].ReceivedTime));
        Assert.IsTrue(batch.Rejected[1].Payload.Span.SequenceEqual("no letter"u8));
    }

    [TestMethod]
    public void Decode_DeadLettersOfFiles_AreTheSameRejectionOnlyWhenLineAndPlaceAreTheSame()
    {
        using var decoder = new BatchDecoder("e1", Topics.DeadLetters, _symbols);

        var batch = decoder.Decode(Slice(
            0,
            SinkRecords.Letter([1], "a.csv line 7", IngestSource.Replay),
            SinkRecords.Letter([1], "a.csv line 7", IngestSource.Replay),
            SinkRecords.Letter([1], "a.csv line 8", IngestSource.Replay),
            SinkRecords.Letter([2], "a.csv line 7", IngestSource.Replay),
            SinkRecords.Letter([1], "a.csv line 7"),
            SinkRecords.Letter([1], "a.csv line 7", IngestSource.Backfill)));

        var identities = batch.Rejected.Select(rejected => rejected.Identity).ToArray();
        Assert.AreEqual(identities[0], identities[1]);
        Assert.HasCount(3, identities[..4].Distinct());
        Assert.IsTrue(identities[..4].All(identity => identity is not null));
        Assert.IsTrue(identities[4..].All(identity => identity is null), "Live records that are alike are not the same one.");
    }

    private static ConsumedBatch Slice(long from, params byte[][] values) => new(
        3, from, from + values.Length, values.Select((value, i) => new RawRecord(from + i, Appended, value)).ToArray());
}
