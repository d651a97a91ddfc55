using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class ExchangeBanTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder["data/ban.txt"];

    [TestMethod]
    public async Task Extend_ThenAnotherStart_WaitsForTheRest()
    {
        Open().Extend(TimeSpan.FromSeconds(20));
        _clock.Advance(TimeSpan.FromSeconds(5));

        var wait = Open().WaitAsync(CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(14));
        Assert.IsFalse(wait.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(1));

        await wait.WaitAsync(Patience.Limit);
        Assert.IsTrue(Open().WaitAsync(CancellationToken.None).IsCompletedSuccessfully);
    }

    [TestMethod]
    public void Extend_ByLess_ChangesNothing()
    {
        var ban = Open();
        ban.Extend(TimeSpan.FromMinutes(2));
        var until = ban.Until;
        ban.Extend(TimeSpan.FromMinutes(1));

        Assert.AreEqual(until, ban.Until);
    }

    [TestMethod]
    [DataRow("2999-01-01T00:00:00Z", 3.0)]
    [DataRow("no time at all", 0.0)]
    [DataRow("", 0.0)]
    public void Open_FileOfSomebodyElse_IsBoundedByTheLongestBan(string text, double days)
    {
        Directory.CreateDirectory(_folder["data"]);
        File.WriteAllText(Path, text);

        var ban = Open();

        Assert.AreEqual(days, Math.Max(0, (ban.Until - ban.Now).TotalDays));
    }

    [TestMethod]
    public void Extend_FolderThatCannotBe_StillHolds()
    {
        File.WriteAllText(_folder["data"], "a file where the folder is to be");
        var ban = Open();

        ban.Extend(TimeSpan.FromMinutes(1));

        Assert.AreEqual(TimeSpan.FromMinutes(1), ban.Until - ban.Now);
    }

    public void Dispose() => _folder.Dispose();

    private ExchangeBan Open() => new(_clock, Path, NullLogger.Instance);
}
