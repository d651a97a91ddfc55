using System.Text;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Contracts;

[TestClass]
public sealed class DeadLetterJsonTests
{
    private const string Written =
        """{"version":1,"reason":"malformed_json","detail":"frame","source":"STREAM","received_time":1790446152701233,"payload":"e30="}""";

    [TestMethod]
    public void Write_Letter_IsTheDocumentedText()
    {
        var letter = new DeadLetter(ErrorReason.MalformedJson, "frame", IngestSource.Stream, new Timestamp(1790446152701233),
            "{}"u8.ToArray());

        Assert.AreEqual(Written, Encoding.UTF8.GetString(DeadLetterJson.Write(letter)));
    }

    [TestMethod]
    public void Write_Summary_AddsFieldsThatAnOlderReaderPassesOver()
    {
        var letter = new DeadLetter(
            ErrorReason.MalformedJson, "frame", IngestSource.Stream, new Timestamp(1790446152701233), "{}"u8.ToArray())
        {
            Length = 1800,
            Count = 90,
            FirstTime = new Timestamp(1790446142701233),
        };

        var written = DeadLetterJson.Write(letter);

        Assert.AreEqual(
            $"{Written[..^1]},\"length\":1800,\"count\":90,\"first_time\":1790446142701233}}",
            Encoding.UTF8.GetString(written));
        Assert.AreEqual(ErrorReason.None, DeadLetterJson.TryRead(written, out var read));
        Assert.AreEqual(letter with { Payload = read!.Payload }, read);
    }

    [TestMethod]
    public void TryRead_LetterOfAnOlderWriter_StandsForItself()
    {
        Assert.AreEqual(ErrorReason.None, DeadLetterJson.TryRead(Encoding.UTF8.GetBytes(Written), out var letter));

        Assert.AreEqual((1L, 2L, letter!.ReceivedTime, true), (letter.Count, letter.Length, letter.FirstTime, letter.IsWhole));
    }

    [TestMethod]
    [DataRow("\"length\":\"1\"", ErrorReason.WrongType)]
    [DataRow("\"count\":1e30", ErrorReason.NumberOutOfRange)]
    [DataRow("\"first_time\":null", ErrorReason.WrongType)]
    public void TryRead_FaultyField_SaysWhy(string field, ErrorReason expected)
    {
        Assert.AreEqual(expected, DeadLetterJson.TryRead(Encoding.UTF8.GetBytes($"{Written[..^1]},{field}}}"), out var letter));

        Assert.IsNull(letter);
    }

    [TestMethod]
    public void TryRead_WhatWasWritten_IsTheSameLetter()
    {
        var random = new Random(1);
        foreach (var reason in Enum.GetValues<ErrorReason>())
        {
            foreach (var source in Enum.GetValues<IngestSource>())
            {
                var payload = new byte[random.Next(500)];
                random.NextBytes(payload);
                var letter = new DeadLetter(reason, "quote \" backslash \\ \0 é 币 🚀", source,
                    new Timestamp(random.NextInt64(long.MinValue, long.MaxValue)), payload);

                Assert.AreEqual(ErrorReason.None, DeadLetterJson.TryRead(DeadLetterJson.Write(letter), out var read));

                Assert.AreEqual(letter with { Payload = read!.Payload }, read);
                CollectionAssert.AreEqual(payload, read.Payload);
            }
        }
    }

    [TestMethod]
    [DataRow("{\"version\":1", "{\"version\":2", ErrorReason.UnknownContractVersion)]
    [DataRow("{\"version\":1", "{\"version\":1.5", ErrorReason.UnknownContractVersion)]
    [DataRow("{\"version\":1", "{\"version\":\"1\"", ErrorReason.WrongType)]
    [DataRow("{\"version\":1,", "{", ErrorReason.MissingField)]
    [DataRow("\"detail\":\"frame\",", "", ErrorReason.MissingField)]
    [DataRow("malformed_json", "unheard_of", ErrorReason.WrongType)]
    [DataRow("\"frame\"", "1", ErrorReason.WrongType)]
    [DataRow("\"frame\"", "\"\\ud800\"", ErrorReason.MalformedJson)]
    [DataRow("STREAM", "PIGEON", ErrorReason.WrongType)]
    [DataRow("1790446152701233", "9223372036854775808", ErrorReason.NumberOutOfRange)]
    [DataRow("1790446152701233", "\"now\"", ErrorReason.WrongType)]
    [DataRow("e30=", "not Base64", ErrorReason.WrongType)]
    [DataRow("e30=", "\\ud800", ErrorReason.MalformedJson)]
    [DataRow("}", "", ErrorReason.MalformedJson)]
    public void TryRead_FaultyText_SaysWhy(string part, string replacement, ErrorReason expected)
    {
        var text = Written.Replace(part, replacement, StringComparison.Ordinal);

        Assert.AreEqual(expected, DeadLetterJson.TryRead(Encoding.UTF8.GetBytes(text), out var letter));

        Assert.IsNull(letter);
    }
}
