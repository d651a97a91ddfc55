using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest.Tests.Diagnostics;

[TestClass]
public sealed class SecretsTests
{
    [TestMethod]
    [DataRow("-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----")]
    [DataRow("'-----BEGIN ENCRYPTED PRIVATE KEY----- MIIEvQ", "'-----BEGIN ENCRYPTED PRIVATE KEY-----***")]
    [DataRow("Cannot reach https://user:pa55@host:9443/x.", "Cannot reach https://user:***@host:9443/x.")]
    [DataRow("https://pa55@host", "https://***@host")]
    [DataRow("Kafka at one:9092,user:pa55@two:9092: asking failed", "Kafka at one:9092,user:***@two:9092: asking failed")]
    [DataRow(
        "wss://host/stream?streams=btcusdt@trade&token=pa55&timeUnit=MICROSECOND",
        "wss://host/stream?streams=btcusdt@trade&token=***&timeUnit=MICROSECOND")]
    [DataRow("https://host/?apiKey=pa55", "https://host/?apiKey=***")]
    [DataRow("https://host/?key=pa55&sig=pa55", "https://host/?key=***&sig=***")]
    [DataRow("account=a;PRIVATE_KEY_PWD=pa55;db=d", "account=a;PRIVATE_KEY_PWD=***;db=d")]
    [DataRow("sasl.password=\"pa55\" is refused", "sasl.password=\"***\" is refused")]
    public void Mask_WhatHasTheFormOfASecret_IsTakenOut(string text, string masked) => Assert.AreEqual(masked, Secrets.Mask(text));

    [TestMethod]
    [DataRow("wss://stream.binance.com:9443/ws/btcusdt@trade")]
    [DataRow("2026-02-03T00:00:00.000000Z received 1,000, stored 1,000 (100/s)")]
    [DataRow("'BTCUSDT,a,b' line 2: valid_from '12:00' is not an ISO 8601 date")]
    [DataRow("The file for sasl.password cannot be read: there is no such file.")]
    [DataRow("SET RSA_PUBLIC_KEY = 'MIIBIj'; RSA_PUBLIC_KEY_FP = SHA256:x")]
    [DataRow("/api/v3/historicalTrades?symbol=BTCUSDT&fromId=1&limit=1000")]
    public void Mask_OrdinaryText_StaysAsItIs(string text) => Assert.AreEqual(text, Secrets.Mask(text));

    [TestMethod]
    public void Mask_WhatWasKept_IsTakenOutHoweverItIsWritten()
    {
        Secrets.Keep("first/line kept\nSecond+Line");
        Secrets.Keep("abc");

        Assert.AreEqual(
            "*** and ***, *** or *** abc", Secrets.Mask("first/line kept and SECOND+LINE, first%2Fline%20kept or second%2bline abc"));
    }

    [TestMethod]
    [DataRow("https://user:planted-1@host/?x=1", "planted-1")]
    [DataRow("https://user:plan/ted-2@host", "plan/ted-2")]
    [DataRow("user:planted-3@host:9092", "planted-3")]
    [DataRow("https://planted-4@host", "planted-4")]
    [DataRow("wss://host/?anything=planted-5", "planted-5")]
    [DataRow("wss://host/?planted-6", "planted-6")]
    public void KeepAddress_WhatStandsBeforeTheHostAndInTheQuery_IsKept(string address, string secret)
    {
        Secrets.KeepAddress(address);

        Assert.AreEqual("it is ***.", Secrets.Mask($"it is {secret}."));
    }

    [TestMethod]
    public void KeepAddress_StreamsAndHost_AreNoSecrets()
    {
        const string Address = "wss://stream.example:9443/stream?streams=btcusdt@trade&timeUnit=MICROSECOND";
        Secrets.KeepAddress(Address);

        Assert.AreEqual(Address, Secrets.Mask(Address));
    }

    [TestMethod]
    public void MaskedWriter_EveryWayToWrite_ShowsNoSecret()
    {
        using var text = new StringWriter();
        using (var writer = new MaskedWriter(text))
        {
            const string Line = "https://user:pa55@host";
            writer.Write(Line);
            writer.WriteLine(Line);
            writer.Write("{0} {1}", Line, 1);
            writer.Write(Line.ToCharArray());
            writer.Write(Line.AsSpan());
            writer.WriteAsync(Line).GetAwaiter().GetResult();
            writer.WriteLineAsync(Line.AsMemory()).GetAwaiter().GetResult();
            writer.Flush();
        }

        Assert.DoesNotContain("pa55", text.ToString());
        Assert.HasCount(8, text.ToString().Split("user:***@host"));
    }
}
