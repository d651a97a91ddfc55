using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

[TestClass]
public sealed class OddFramesTests
{
    private readonly SymbolTable _symbols = new();

    [TestMethod]
    public void Parse_EveryOddFrame_GivesItsVerdict()
    {
        var wrong = new List<string>();
        foreach (var odd in OddFrames.All())
        {
            var (kind, reason) = Parse(odd.Text);
            if (kind == odd.Kind && reason == odd.Reason) continue;
            wrong.Add($"{kind}/{reason} instead of {odd.Kind}/{odd.Reason}: {Shown(odd.Text)}");
        }

        Assert.IsEmpty(wrong, string.Join('\n', wrong));
    }

    [TestMethod]
    public void Parse_ExtraFieldWithOddValue_IsATrade()
    {
        var refused = OddJson.Valid.Where(value => Parse(WithExtra(value)) != (FrameKind.Trade, ErrorReason.None)).ToArray();

        Assert.IsEmpty(refused, string.Join('\n', refused));
    }

    [TestMethod]
    public void Parse_ExtraFieldWithMalformedValue_IsMalformed()
    {
        var accepted = OddJson.Malformed.Where(value => Parse(WithExtra(value)) != (FrameKind.Failure, ErrorReason.MalformedJson))
            .ToArray();

        Assert.IsEmpty(accepted, string.Join('\n', accepted));
    }

    [TestMethod]
    public void Parse_OddValueAlone_IsNoEvent()
    {
        foreach (var value in OddJson.Valid)
        {
            var expected = value.Trim().StartsWith('{') ? ErrorReason.MissingField : ErrorReason.WrongType;
            Assert.AreEqual((FrameKind.Failure, expected), Parse(value), value);
        }
    }

    [TestMethod]
    public void Parse_MalformedValueAlone_IsMalformed()
    {
        var accepted = OddJson.Malformed.Where(value => Parse(value) != (FrameKind.Failure, ErrorReason.MalformedJson)).ToArray();

        Assert.IsEmpty(accepted, string.Join('\n', accepted));
    }

    [TestMethod]
    public void Parse_EveryTruncationOfATrade_IsMalformed()
    {
        foreach (var text in new[] { OddFrames.Trade, "{\"stream\":\"btcusdt@trade\",\"data\":" + OddFrames.Trade + "}" })
        {
            for (var length = 0; length < text.Length; length++)
            {
                Assert.AreEqual((FrameKind.Failure, ErrorReason.MalformedJson), Parse(text[..length]), text[..length]);
            }
        }
    }

    [TestMethod]
    public void Corpus_Distinct_HasMoreDocumentsThanJsonTestSuite()
    {
        var documents = OddFrames.All().Select(odd => odd.Text).Concat(OddJson.Valid).Concat(OddJson.Malformed)
            .ToHashSet(StringComparer.Ordinal);

        Assert.IsGreaterThanOrEqualTo(318, documents.Count);
    }

    private (FrameKind Kind, ErrorReason Reason) Parse(string text)
    {
        var kind = FrameParser.Parse(OddJson.Bytes(text), _symbols, default, IngestSource.Stream, out _, out var reason);
        return (kind, reason);
    }

    private static string WithExtra(string value) => OddFrames.Trade.Replace("\"E\"", "\"x\":" + value + ",\"E\"");

    private static string Shown(string text) => text.Length <= 200 ? text : text[..100] + "…" + text[^100..];
}
