using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Tests.Configuration;

[TestClass]
public sealed class OptionTextTests
{
    [TestMethod]
    [DataRow("500ms", 0.5)]
    [DataRow("1.5s", 1.5)]
    [DataRow("20s", 20)]
    [DataRow("5m", 300)]
    [DataRow("2h", 7200)]
    [DataRow("7d", 604_800)]
    [DataRow("-1s", -1)]
    [DataRow("00:00:20", 20)]
    [DataRow("00:00:00.25", 0.25)]
    [DataRow("7.00:00:00", 604_800)]
    public void ParseDuration_WithItsUnit_IsRead(string text, double seconds) =>
        Assert.AreEqual(TimeSpan.FromSeconds(seconds), OptionText.ParseDuration(text));

    [TestMethod]
    [DataRow("")]
    [DataRow("20")]
    [DataRow("0")]
    [DataRow("s")]
    [DataRow("20 s")]
    [DataRow("20S")]
    [DataRow("20sm")]
    [DataRow("1h30m")]
    [DataRow("1e3s")]
    [DataRow("1,000ms")]
    [DataRow("24:00:00")]
    [DataRow("00:00:61")]
    [DataRow("99999999999999999999d")]
    [DataRow("10675200d")]
    [DataRow("soon")]
    public void ParseDuration_WhatCouldBeReadTwice_IsNone(string text) => Assert.IsNull(OptionText.ParseDuration(text));

    [TestMethod]
    [DataRow("65536", 65_536L)]
    [DataRow("4095B", 4095L)]
    [DataRow("64KiB", 65_536L)]
    [DataRow("512mib", 536_870_912L)]
    [DataRow("1 GiB", 1_073_741_824L)]
    [DataRow("1GB", 1_000_000_000L)]
    [DataRow("2TiB", 2_199_023_255_552L)]
    [DataRow("-1KB", -1000L)]
    public void Parse_Bytes_TakesUnits(string text, long bytes) =>
        Assert.AreEqual(bytes, OptionText.Parse(typeof(long), isBytes: true, text));

    [TestMethod]
    [DataRow("GiB")]
    [DataRow("1.5GiB")]
    [DataRow("1Gi")]
    [DataRow("9223372036854775807KiB")]
    [DataRow("99999999999999999999999999999999999999999999")]
    public void Parse_BytesThatAreNone_IsNull(string text) => Assert.IsNull(OptionText.Parse(typeof(long), isBytes: true, text));

    [TestMethod]
    [DataRow("250ms")]
    [DataRow("90s")]
    [DataRow("1h")]
    [DataRow("7d")]
    [DataRow("0s")]
    [DataRow("infinite")]
    [DataRow("00:00:00.0001000")]
    public void Format_Duration_IsWhatIsRead(string text) =>
        Assert.AreEqual(text, OptionText.Format(OptionText.ParseDuration(text), isBytes: false));

    [TestMethod]
    [DataRow("64KiB")]
    [DataRow("32MiB")]
    [DataRow("1TiB")]
    [DataRow("4000")]
    [DataRow("0")]
    public void Format_Bytes_IsWhatIsRead(string text) =>
        Assert.AreEqual(text, OptionText.Format(OptionText.Parse(typeof(long), isBytes: true, text), isBytes: true));
}
