using Crypto.TestSupport;
using Crypto.TradeIngest.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Tests.Diagnostics;

[TestClass]
public sealed class CoalescingLoggerFactoryTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLogger _written = new();
    private readonly CoalescingLoggerFactory _factory;
    private readonly ILogger _logger;

    public CoalescingLoggerFactoryTests()
    {
        _factory = new CoalescingLoggerFactory(LoggerFactory.Create(builder => builder.AddProvider(_written)), _clock);
        _logger = _factory.CreateLogger("Test");
    }

    public void Dispose()
    {
        _factory.Dispose();
        _written.Dispose();
    }

    [TestMethod]
    public void Log_FloodOfOneKind_IsTenLinesAndOneOfTheirNumberEachSecond()
    {
        for (var second = 0; second < 2; second++)
        {
            for (var gap = 0; gap < 1814; gap++) _logger.LogInformation("Gap {Id} found.", gap);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.HasCount(22, _written.Lines);
        Assert.AreEqual("Gap 9 found.", _written.Lines[9]);
        Assert.AreEqual("1804 more of these within 00:00:01, the first: Gap 10 found.", _written.Lines[10]);
        Assert.AreEqual("Gap 0 found.", _written.Lines[11]);
    }

    [TestMethod]
    public void Log_OtherKindsInAFlood_PassAtOnce()
    {
        for (var gap = 0; gap < 100; gap++) _logger.LogInformation("Gap {Id} found.", gap);
        _logger.LogInformation("Connected.");
        _logger.LogWarning("Gap {Id} found.", 1);
        _factory.CreateLogger("Other").LogInformation("Gap {Id} found.", 2);

        CollectionAssert.AreEqual(new[] { "Connected.", "Gap 1 found.", "Gap 2 found." }, _written.Lines.TakeLast(3).ToArray());
    }

    [TestMethod]
    public void Log_OneMoreThanPasses_IsWrittenAsItIs()
    {
        for (var gap = 0; gap < 11; gap++) _logger.LogInformation("Gap {Id} found.", gap);
        _clock.Advance(TimeSpan.FromSeconds(1));

        CollectionAssert.AreEqual(Enumerable.Range(0, 11).Select(gap => $"Gap {gap} found.").ToArray(), _written.Lines);
    }

    [TestMethod]
    public void Dispose_LinesHeld_AreWrittenBefore()
    {
        for (var gap = 0; gap < 13; gap++) _logger.LogInformation("Gap {Id} found.", gap);

        _factory.Dispose();

        StringAssert.StartsWith(_written.Lines[^1], "3 more of these");
    }

    [TestMethod]
    public void Log_TextFromOutside_IsCut()
    {
        _logger.LogWarning("The exchange says: {Message}", new string('x', 1_000_000));

        Assert.IsLessThan(5000, _written.Lines.Single().Length);
        StringAssert.EndsWith(_written.Lines.Single(), "(1000019 characters)");
    }
}
