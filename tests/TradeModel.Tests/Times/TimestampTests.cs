using Crypto.TradeModel.Times;

namespace Crypto.TradeModel.Tests.Times;

[TestClass]
public sealed class TimestampTests
{
    private const long FirstMicrosecond = -62_135_596_800_000_000;
    private const long LastMicrosecond = 253_402_300_799_999_999;

    [TestMethod]
    public void Parse_WhatWasFormatted_IsTheSameInstantAndSortsAsText()
    {
        var random = new Random(1);
        var previous = new Timestamp(FirstMicrosecond);
        for (var i = 0; i < 20_000; i++)
        {
            var time = new Timestamp(random.NextInt64(FirstMicrosecond, LastMicrosecond + 1));

            Assert.AreEqual(time, Timestamp.Parse(time.ToString()));
            Assert.IsTrue(Timestamp.TryParse(time.ToString(), out var parsed));
            Assert.AreEqual(time, parsed);
            Assert.AreEqual(time, Timestamp.From(time.ToDateTimeOffset()));
            Assert.AreEqual(time.CompareTo(previous) > 0, string.CompareOrdinal(time.ToString(), previous.ToString()) > 0);
            Assert.AreEqual(time > previous, time.Microseconds > previous.Microseconds);
            Assert.AreEqual(time, previous + (time - previous));
            previous = time;
        }
    }

    [TestMethod]
    [DataRow(FirstMicrosecond, "0001-01-01T00:00:00.000000Z")]
    [DataRow(LastMicrosecond, "9999-12-31T23:59:59.999999Z")]
    [DataRow(FirstMicrosecond - 1, "-62135596800000001")]
    [DataRow(LastMicrosecond + 1, "253402300800000000")]
    [DataRow(long.MaxValue, "9223372036854775807")]
    [DataRow(1770076800005000, "2026-02-03T00:00:00.005000Z")]
    [DataRow(-1, "1969-12-31T23:59:59.999999Z")]
    public void ToString_EdgesOfTheCalendar_NeverThrows(long microseconds, string text) =>
        Assert.AreEqual(text, new Timestamp(microseconds).ToString());

    [TestMethod]
    [DataRow(1770076800005, 1770076800005000)]
    [DataRow(1770076800005000, 1770076800005000)]
    [DataRow(99_999_999_999_999, 99_999_999_999_999_000)]
    [DataRow(100_000_000_000_000, 100_000_000_000_000)]
    [DataRow(-99_999_999_999_999, -99_999_999_999_999_000)]
    [DataRow(-100_000_000_000_000, -100_000_000_000_000)]
    [DataRow(0, 0)]
    [DataRow(long.MaxValue, long.MaxValue)]
    [DataRow(long.MinValue, long.MinValue)]
    public void FromUnixGuessingUnit_Magnitude_TellsTheUnit(long value, long microseconds) =>
        Assert.AreEqual(new Timestamp(microseconds), Timestamp.FromUnixGuessingUnit(value));

    [TestMethod]
    [DataRow("2026-02-03", "2026-02-03T00:00:00.000000Z")]
    [DataRow("2026-02-03T02:00:00+02:00", "2026-02-03T00:00:00.000000Z")]
    [DataRow("2026-02-03T00:00:00", "2026-02-03T00:00:00.000000Z")]
    [DataRow("2026-02-03T04:05", "2026-02-03T04:05:00.000000Z")]
    [DataRow("2026-02-03T04:05Z", "2026-02-03T04:05:00.000000Z")]
    [DataRow("2026-02-03 04:05:06", "2026-02-03T04:05:06.000000Z")]
    [DataRow("2026-02-03 04:05:06.5-05:30", "2026-02-03T09:35:06.500000Z")]
    [DataRow("2026-02-03T04:05:06.1234567Z", "2026-02-03T04:05:06.123456Z")]
    public void Parse_OtherSpellings_AreUtc(string text, string expected) => Assert.AreEqual(expected, Timestamp.Parse(text).ToString());

    [TestMethod]
    [DataRow("")]
    [DataRow(null)]
    [DataRow("yesterday")]
    [DataRow("12:00")]
    [DataRow("2026")]
    [DataRow("2026-02")]
    [DataRow("01/02/2026")]
    [DataRow("2026/02/03")]
    [DataRow("1.2.2026")]
    [DataRow("03 Feb 2026")]
    [DataRow("2026-2-3")]
    [DataRow("26-02-03")]
    [DataRow("20260203")]
    [DataRow("2026-02-30")]
    [DataRow("2026-02-03T24:00:00")]
    [DataRow("2026-02-03T4:05")]
    [DataRow("2026-02-03T04:05 PM")]
    [DataRow("2026-02-03T04:05:06 GMT")]
    [DataRow("2026-02-03Z04:05:06")]
    [DataRow(" 2026-02-03")]
    [DataRow("1770076800005")]
    [DataRow("0001-01-01T00:00:00+14:00")]
    public void TryParse_NoInstant_IsRefused(string? text) => Assert.IsFalse(Timestamp.TryParse(text, out _));

    [TestMethod]
    public void EndOfTime_IsTheLastDayOfTheCalendar() => Assert.AreEqual("9999-12-31T00:00:00.000000Z", Timestamp.EndOfTime.ToString());
}
