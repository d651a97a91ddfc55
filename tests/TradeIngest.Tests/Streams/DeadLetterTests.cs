using System.Security.Cryptography;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Streams;

[TestClass]
public sealed class DeadLetterTests
{
    [TestMethod]
    public void Of_PayloadWithinTheBound_IsKeptWhole()
    {
        var letter = DeadLetter.Of(ErrorReason.WrongType, "why", IngestSource.Stream, default, new byte[300], payloadBytes: 300);

        Assert.AreEqual((300, 300L, true, "why"), (letter.Payload.Length, letter.Length, letter.IsWhole, letter.Detail));
    }

    [TestMethod]
    public void Of_LongerPayload_KeepsItsStartAndTellsLengthAndHash()
    {
        var payload = new byte[1_000_000];
        new Random(1).NextBytes(payload);

        var letter = DeadLetter.Of(ErrorReason.WrongType, "why", IngestSource.Stream, default, payload);

        CollectionAssert.AreEqual(payload[..65_536], letter.Payload);
        Assert.AreEqual((1_000_000L, false), (letter.Length, letter.IsWhole));
        StringAssert.StartsWith(letter.Detail, $"why; 1000000 bytes with the SHA-256 {Convert.ToHexStringLower(SHA256.HashData(payload))}");
    }
}
