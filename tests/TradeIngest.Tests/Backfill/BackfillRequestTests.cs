using System.Globalization;
using Crypto.TestSupport;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Tests.Backfill;

[TestClass]
public sealed class BackfillRequestTests
{
    private static readonly DateTimeOffset Now = new(2026, 2, 10, 12, 0, 0, TimeSpan.Zero);

    [TestMethod]
    [DataRow("2026-02-08", "2026-02-09", null)]
    [DataRow("2026-02-09", "2026-02-08", "backwards")]
    [DataRow("2026-02-09", "2026-02-10", "not over yet")]
    [DataRow("2026-02-09", "2026-02-11", "not over yet")]
    [DataRow("2017-07-13", "2026-02-09", "first day")]
    public void Faults_Days_AreNamed(string first, string last, string? fault)
    {
        var request = new BackfillRequest
        {
            Symbol = "BTCUSDT",
            FirstDate = DateOnly.Parse(first, CultureInfo.InvariantCulture),
            LastDate = DateOnly.Parse(last, CultureInfo.InvariantCulture),
            ArchiveAddress = "http://archive",
        };

        AssertFault(fault, request);
    }

    [TestMethod]
    [DataRow(1L, 1L, null)]
    [DataRow(2L, 1L, "lies behind")]
    [DataRow(-1L, 1L, "Ids lie in")]
    [DataRow(1L, 1L << 40, "Ids lie in")]
    [DataRow(1L, null, "both ends")]
    [DataRow(null, 1L, "both ends")]
    public void Faults_Ids_AreNamed(long? from, long? to, string? fault) =>
        AssertFault(fault, new BackfillRequest { Symbol = "BTCUSDT", FromId = from, ToId = to });

    [TestMethod]
    [DataRow("2026-02-09", "2026-02-09T00:00:01Z", null)]
    [DataRow("2026-02-09", "2026-02-09", "Exchange them")]
    [DataRow("2026-02-09", "2026-02-10T12:00:01Z", "in the future")]
    [DataRow("2026-02-09", null, "both ends")]
    public void Faults_Times_AreNamed(string from, string? to, string? fault) => AssertFault(fault, new BackfillRequest
    {
        Symbol = "BTCUSDT",
        FromTime = Timestamp.Parse(from).Microseconds,
        ToTime = to is null ? null : Timestamp.Parse(to).Microseconds,
    });

    [TestMethod]
    [DataRow("BTCUSDT", null)]
    [DataRow("币安人生USDT", null)]
    [DataRow("btcusdt", "cannot be a symbol")]
    [DataRow("BTC/USDT", "cannot be a symbol")]
    [DataRow("..", "cannot be a symbol")]
    [DataRow("", "cannot be a symbol")]
    [DataRow(null, "name it")]
    public void Faults_Symbols_AreNamed(string? symbol, string? fault) =>
        AssertFault(fault, new BackfillRequest { Symbol = symbol, FromId = 1, ToId = 2 });

    [TestMethod]
    public void Faults_TwoKindsOfRanges_AreNamed() => AssertFault(
        "Give one of", new BackfillRequest { Symbol = "BTCUSDT", FromId = 1, ToId = 2, Files = ["/a.zip"] });

    [TestMethod]
    [DataRow("ftp://archive", "no HTTP address")]
    [DataRow("http://user:secret@archive", "user name or password")]
    public void Faults_Archives_AreNamedWithoutSecrets(string address, string fault)
    {
        var request = new BackfillRequest { Symbol = "BTCUSDT", FirstDate = new(2026, 2, 3), LastDate = new(2026, 2, 3) };

        AssertFault(fault, request with { ArchiveAddress = address });

        Assert.DoesNotContain("secret", string.Join(' ', Faults(request with { ArchiveAddress = address })));
    }

    [TestMethod]
    public void Faults_OfALaterVersion_AreNamed() => AssertFault("version 2", new BackfillRequest { Version = 2 });

    private static void AssertFault(string? fault, BackfillRequest request)
    {
        var faults = Faults(request);
        if (fault is null) Assert.IsEmpty(faults, string.Join(' ', faults));
        else Assert.Contains(fault, string.Join(' ', faults));
    }

    private static List<string> Faults(BackfillRequest request) => [.. request.Faults(new ManualTimeProvider(Now))];
}
