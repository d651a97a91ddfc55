using System.Globalization;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeModel.Tests.Contract;

[TestClass]
public sealed class WireScannerTests
{
    private const string After = ",\"after\"";

    [TestMethod]
    public void TryReadInteger_UpToEighteenDigits_IsTheNumber()
    {
        var numbers = new TradeGenerator(seed: 1, new());
        for (var i = 0; i < 50_000; i++)
        {
            var number = Math.Abs(numbers.NextLong() % 1_000_000_000_000_000_000);
            var scanner = Over(number.ToString(CultureInfo.InvariantCulture) + After);

            Assert.IsTrue(scanner.TryReadInteger(out var value) && scanner.Skip(",\"after\""u8) && scanner.IsAtEnd,
                number.ToString(CultureInfo.InvariantCulture));
            Assert.AreEqual(number, value);
        }
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("x")]
    [DataRow("-1")]
    [DataRow("01")]
    [DataRow("00")]
    [DataRow("1234567890123456789")]
    [DataRow("123456789012345678901234")]
    [DataRow("1234567890123456789012345678")]
    public void TryReadInteger_OtherForm_IsLeftToTheGeneralPath(string text) => Assert.IsFalse(Over(text + After).TryReadInteger(out _));

    [TestMethod]
    public void TryReadInteger_EveryByteAfterADigit_EndsTheNumberUnlessItIsADigit()
    {
        for (var b = 0; b < 256; b++)
        {
            byte[] text = [(byte)'7', (byte)b, (byte)b, .. Encoding.ASCII.GetBytes(After)];
            var scanner = new WireScanner(text);

            Assert.IsTrue(scanner.TryReadInteger(out var value));

            var isDigit = b is >= '0' and <= '9';
            Assert.AreEqual(isDigit ? 700 + ((b - '0') * 11) : 7, value, $"byte {b}");
        }
    }

    [TestMethod]
    public void TryReadFixedPoint_WhateverItReads_IsWhatFixedPointReads()
    {
        var numbers = new TradeGenerator(seed: 2, new());
        var read = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var text = FixedPoint.Format(numbers.NextLong());
            var scanner = Over(text + After);
            if (!scanner.TryReadFixedPoint(out var scaled)) continue;

            Assert.AreEqual(FixedPoint.Parse(text), scaled);
            Assert.IsTrue(scanner.Skip(",\"after\""u8));
            read++;
        }

        Assert.IsGreaterThan(10_000, read);
    }

    [TestMethod]
    [DataRow("-1.00000000")]
    [DataRow("1.0000000")]
    [DataRow("1")]
    [DataRow(".00000000")]
    [DataRow("1.0000000x")]
    [DataRow("92233720368.54775807")]
    [DataRow("92233720369.00000000")]
    [DataRow("9999999999999999999.00000000")]
    public void TryReadFixedPoint_OtherFormOrTooLarge_IsLeftToTheGeneralPath(string text) =>
        Assert.IsFalse(Over(text + After).TryReadFixedPoint(out _));

    [TestMethod]
    public void TryReadPlainString_EveryByte_IsPlainOrLeftToTheGeneralPath()
    {
        for (var b = 0; b < 256; b++)
        {
            var scanner = new WireScanner([(byte)'a', (byte)b, (byte)'"', (byte)'z']);

            var read = scanner.TryReadPlainString(out var content);

            Assert.AreEqual(b is >= 0x20 and < 0x7F and not '\\', read, $"byte {b}");
            if (read) Assert.AreEqual(b == '"' ? 1 : 2, content.Length);
        }
    }

    [TestMethod]
    public void TryReadPlainString_EveryByteAtEveryPlace_EndsTheTextOnlyAsAQuote()
    {
        var text = new byte[64];
        for (var place = 0; place < text.Length - 1; place++)
        {
            for (var b = 0; b < 256; b++)
            {
                text.AsSpan().Fill((byte)'a');
                text[place] = (byte)b;
                text[^1] = (byte)'"';
                var scanner = new WireScanner(text);

                var read = scanner.TryReadPlainString(out var content);

                Assert.AreEqual(b is >= 0x20 and < 0x7F and not '\\', read, $"byte {b} at {place}");
                if (read) Assert.AreEqual(b == '"' ? place : text.Length - 1, content.Length);
            }
        }
    }

    private static WireScanner Over(string text) => new(Encoding.ASCII.GetBytes(text));
}
