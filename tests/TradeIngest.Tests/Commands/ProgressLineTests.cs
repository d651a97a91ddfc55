using Crypto.TestSupport;
using Crypto.TradeIngest.Commands;

namespace Crypto.TradeIngest.Tests.Commands;

[TestClass]
public sealed class ProgressLineTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly StringWriter _output = new();

    public void Dispose() => _output.Dispose();

    [TestMethod]
    public void Report_OnATerminal_WritesOverItsLineAndTakesItAway()
    {
        using (var line = new ProgressLine("rows", inLogs: false, _output, isTerminal: true, _clock))
        {
            line.Report(1500);
            _clock.Advance(TimeSpan.FromMilliseconds(500));
            line.Report(4000);
            _clock.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.AreEqual(
            "\r1,500 rows in 0.5 s, 3,000 a second\r4,000 rows in 1.0 s, 4,000 a second\r" + new string(' ', 35)
                + "\r", _output.ToString());
    }

    [TestMethod]
    public void Report_InALog_IsALineNowAndThenWhereItIsWanted()
    {
        using var wanted = new ProgressLine("rows", inLogs: true, _output, isTerminal: false, _clock);
        using var silent = new ProgressLine("rows", inLogs: false, TextWriter.Null, isTerminal: false, _clock);
        wanted.Report(100);

        _clock.Advance(TimeSpan.FromSeconds(25));

        Assert.AreEqual(
            $"100 rows in 10.0 s, 10 a second{Environment.NewLine}100 rows in 20.0 s, 5 a second{Environment.NewLine}", _output.ToString());
        Assert.AreEqual(1, _clock.ArmedTimers);
    }

    [TestMethod]
    public void Dispose_BeforeTheFirstLook_WritesNothing()
    {
        new ProgressLine("rows", inLogs: true, _output, isTerminal: true, _clock).Dispose();
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.AreEqual("", _output.ToString());
    }
}
