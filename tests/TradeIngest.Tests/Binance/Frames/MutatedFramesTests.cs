using System.Text;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

[TestClass]
public sealed class MutatedFramesTests
{
    private static readonly Timestamp Received = new(1_790_446_152_700_000);

    private readonly SymbolTable _symbols = new(capacity: int.MaxValue);

    [TestMethod]
    public void Parse_MillionMutatedFrames_AgreesWithTheSlowReadingOnEach()
    {
        const int Count = 1_000_000;
        var mutator = new FrameMutator(seed: 20260926);
        var kinds = new int[Enum.GetValues<FrameKind>().Length];
        var reasons = new int[Enum.GetValues<ErrorReason>().Length];
        for (var i = 0; i < Count; i++)
        {
            var (kind, reason) = AssertAgreement(mutator.Next());
            kinds[(int)kind]++;
            reasons[(int)reason]++;
        }

        Assert.AreEqual(Count, kinds.Sum());
        Assert.AreEqual(Count, reasons.Sum());
        Assert.AreEqual(kinds[(int)FrameKind.Failure] + kinds[(int)FrameKind.OtherEvent], Count - reasons[(int)ErrorReason.None]);

        // Each kind and each reason a frame can have occurred, so none of the agreement is empty.
        foreach (var kind in Enum.GetValues<FrameKind>()) Assert.IsGreaterThan(1_000, kinds[(int)kind], kind.ToString());
        for (var reason = ErrorReason.MalformedJson; reason <= ErrorReason.UnknownEvent; reason++)
        {
            if (reason != ErrorReason.TooLarge) Assert.IsGreaterThan(20, reasons[(int)reason], reason.ToString());
        }
    }

    [TestMethod]
    public void Parse_EveryOddFrame_AgreesWithTheSlowReading()
    {
        foreach (var odd in OddFrames.All()) AssertAgreement(OddJson.Bytes(odd.Text));
        foreach (var text in OddJson.Valid.Concat(OddJson.Malformed)) AssertAgreement(OddJson.Bytes(text));
    }

    [TestMethod]
    public void Parse_RandomBytes_AgreesWithTheSlowReading()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            AssertAgreement(bytes);
        }
    }

    private (FrameKind Kind, ErrorReason Reason) AssertAgreement(byte[] frame)
    {
        var kind = FrameParser.Parse(frame, _symbols, Received, IngestSource.Stream, out var trade, out var reason);
        var slow = SlowFrameReading.Read(frame);
        if (kind != slow.Kind || reason != slow.Reason)
        {
            Assert.Fail($"{kind}/{reason} instead of {slow.Kind}/{slow.Reason}: {Shown(frame)}");
        }

        if (slow.Trade is null)
        {
            if (trade != default) Assert.Fail($"A trade beside {kind}: {Shown(frame)}");
            return (kind, reason);
        }

        // Whichever path gave the trade, the general one gives the same.
        var generalKind = FrameParser.ParseAnyOrder(frame, _symbols, Received, IngestSource.Stream, out var general, out _);
        var same = generalKind == kind
            && general == trade
            && trade.Symbol.Ticker == slow.Trade.Symbol
            && trade.TradeId == slow.Trade.Id
            && trade.Price.Scaled == slow.Trade.Price
            && trade.Quantity.Scaled == slow.Trade.Quantity
            && trade.EventTime.Microseconds == slow.Trade.EventTime
            && trade.TradeTime.Microseconds == slow.Trade.TradeTime
            && trade.ReceivedTime == Received
            && trade.Aggressor == (slow.Trade.BuyerIsMaker ? AggressorSide.Sell : AggressorSide.Buy)
            && trade.Source == IngestSource.Stream;
        if (!same) Assert.Fail($"{trade} instead of {slow.Trade}: {Shown(frame)}");
        return (kind, reason);
    }

    private static string Shown(byte[] frame)
    {
        var start = frame.AsSpan(0, Math.Min(frame.Length, 400));
        return Encoding.UTF8.GetString(start) + "\n" + Convert.ToHexString(start);
    }
}
