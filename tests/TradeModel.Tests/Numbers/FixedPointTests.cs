using System.Globalization;
using System.Numerics;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Numbers;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeModel.Tests.Numbers;

[TestClass]
public sealed class FixedPointTests
{
    [TestMethod]
    public void TryParse_WhatWasFormatted_IsTheSameNumber()
    {
        Prop.ForAll<long>(RoundTrips).QuickCheckThrowOnFailure();
        var numbers = new TradeGenerator(seed: 1, new());
        for (var i = 0; i < 100_000; i++) Assert.IsTrue(RoundTrips(numbers.NextLong()));

        static bool RoundTrips(long scaled) => FixedPoint.Parse(FixedPoint.Format(scaled)) == scaled;
    }

    [TestMethod]
    public void TryFormat_AnyNumber_IsTheExactDecimal()
    {
        var numbers = new TradeGenerator(seed: 2, new());
        for (var i = 0; i < 50_000; i++)
        {
            var scaled = numbers.NextLong();

            Assert.AreEqual((scaled / 100_000_000m).ToString("F8", CultureInfo.InvariantCulture), FixedPoint.Format(scaled));
        }
    }

    [TestMethod]
    public void TryFormat_AroundEveryPowerOfTen_IsTheExactDecimal()
    {
        for (long power = 1; power <= long.MaxValue / 10; power *= 10)
        {
            foreach (var scaled in new[] { power - 1, power, power + 1, (10 * power) - 1, 1 - power, -power, -power - 1 })
            {
                Assert.AreEqual((scaled / 100_000_000m).ToString("F8", CultureInfo.InvariantCulture), FixedPoint.Format(scaled));
            }
        }
    }

    [TestMethod]
    public void TryParse_RandomDecimalText_AgreesWithBigInteger()
    {
        var random = new Random(3);
        var accepted = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var integer = Digits(random, random.Next(1, 13));
            var fraction = Digits(random, random.Next(0, 11)) + new string('0', random.Next(3));
            var text = (random.Next(2) == 0 ? "-" : "") + integer + (fraction.Length > 0 ? "." + fraction : "");

            var parsed = FixedPoint.TryParse(Encoding.ASCII.GetBytes(text), out var scaled);

            var kept = fraction.TrimEnd('0');
            var exact = kept.Length <= 8
                ? BigInteger.Parse(integer + kept.PadRight(8, '0'), CultureInfo.InvariantCulture)
                : (BigInteger?)null;
            if (text[0] == '-') exact = -exact;
            var fits = exact is { } value && value >= long.MinValue && value <= long.MaxValue;
            Assert.AreEqual(fits, parsed, text);
            if (!fits) continue;
            Assert.AreEqual(exact, scaled, text);
            accepted++;
        }

        Assert.IsGreaterThan(10_000, accepted);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("-")]
    [DataRow("+1")]
    [DataRow(".5")]
    [DataRow("5.")]
    [DataRow("1e5")]
    [DataRow(" 1")]
    [DataRow("1 ")]
    [DataRow("--1")]
    [DataRow("1.2.3")]
    [DataRow("0x1")]
    [DataRow("1,0")]
    [DataRow("1.-5")]
    [DataRow("NaN")]
    [DataRow("１")]
    public void TryParse_NoDecimal_IsRefusedAndSaidToBeNone(string text)
    {
        Assert.IsFalse(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out _));
        Assert.IsFalse(FixedPoint.IsDecimal(Encoding.UTF8.GetBytes(text)));
        Assert.ThrowsExactly<FormatException>(() => FixedPoint.Parse(text));
    }

    [TestMethod]
    [DataRow("92233720368.54775808")]
    [DataRow("-92233720368.54775809")]
    [DataRow("0.000000001")]
    [DataRow("99999999999999999999")]
    public void TryParse_NotRepresentable_IsRefusedAndSaidToBeADecimal(string text)
    {
        Assert.IsFalse(FixedPoint.TryParse(Encoding.UTF8.GetBytes(text), out _));
        Assert.IsTrue(FixedPoint.IsDecimal(Encoding.UTF8.GetBytes(text)));
    }

    [TestMethod]
    public void IsDecimal_EverythingThatParses_IsTrue() => Prop.ForAll<string>(text =>
    {
        var bytes = Encoding.UTF8.GetBytes(text ?? "");
        return !FixedPoint.TryParse(bytes, out _) || FixedPoint.IsDecimal(bytes);
    }).QuickCheckThrowOnFailure();

    [TestMethod]
    public void TryFormat_TooSmall_WritesNothing()
    {
        Span<byte> buffer = stackalloc byte[FixedPoint.MaxLength];
        Assert.IsTrue(FixedPoint.TryFormat(long.MinValue, buffer, out var needed));
        Assert.AreEqual(FixedPoint.MaxLength, needed);

        buffer.Clear();
        Assert.IsFalse(FixedPoint.TryFormat(long.MinValue, buffer[..^1], out var written));
        Assert.AreEqual(0, written);
        Assert.IsFalse(buffer.ContainsAnyExcept((byte)0));
    }

    private static string Digits(Random random, int count) =>
        string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));
}
