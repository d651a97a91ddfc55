using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Reference;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Tests.Streams;

[TestClass]
public sealed class SymbolSelectionTests : IDisposable
{
    private static readonly TimeSpan ListInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan RulesInterval = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly RecordingLogger _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly ListingExchange _exchange = new() { Tickers = Tickers(20) };
    private readonly SymbolSelection _selection;
    private SymbolRules _rules = new(["*"], [], []);

    public SymbolSelectionTests()
    {
        _loggers = LoggerFactory.Create(builder => builder.AddProvider(_log));
        _selection = new SymbolSelection(
            _exchange, () => _rules, new SymbolSelectionOptions("the exchange", ListInterval, RulesInterval, 10), _clock,
            _loggers.CreateLogger<SymbolSelection>());
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose()
    {
        _selection.Dispose();
        _exchange.Dispose();
        _loggers.Dispose();
        _log.Dispose();
    }

    [TestMethod]
    public async Task ReadAsync_ConfiguredTickerThatIsNotListed_IsAMistake()
    {
        _rules = new SymbolRules(["S00", "S"], [], []);

        var mistake = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => _selection.ReadAsync(Stop));

        StringAssert.Contains(mistake.Message, "the exchange lists no symbol 'S'; did you mean S00 or S01 or S02?");
    }

    [TestMethod]
    public async Task ReadAsync_PatternAndEditThatMatchNothing_AreWarnings()
    {
        _rules = new SymbolRules(["S0*", "X*"], [], [new SymbolEdit(true, "LATER")]);

        var (selected, _) = await _selection.ReadAsync(Stop);

        Assert.HasCount(10, selected.Chosen);
        StringAssert.Contains(string.Join('\n', _log.Lines), "'X*'");
        StringAssert.Contains(string.Join('\n', _log.Lines), "'LATER'");
    }

    [TestMethod]
    public async Task ReadAsync_NothingSelected_IsAFailure()
    {
        _rules = new SymbolRules(["X*"], [], []);

        await Assert.ThrowsExactlyAsync<ExchangeException>(() => _selection.ReadAsync(Stop));
    }

    [TestMethod]
    public async Task RunAsync_Lists_AreFollowedAndNewSymbolsKnownToBeNew()
    {
        await RunAsync(async () =>
        {
            _exchange.Tickers = [.. Tickers(20)[1..], "NEW"];
            _exchange.Halted = ["S19"];
            await PassAsync(ListInterval);
        });

        var (selected, _) = await _selection.ReadAsync(Stop);
        CollectionAssert.AreEquivalent(Tickers(19)[1..].Append("NEW").ToArray(), Chosen(selected));
        CollectionAssert.AreEqual(new[] { "NEW" }, selected.TradingSince.Keys.ToArray());
    }

    [TestMethod]
    public async Task RunAsync_ListThatLacksTooMuch_DropsNothingBeforeTheNextLacksItTooAndAddsAtOnce()
    {
        await RunAsync(async () =>
        {
            _exchange.Tickers = [.. Tickers(10), "NEW"];
            await PassAsync(ListInterval);
            Assert.HasCount(21, Chosen((await _selection.ReadAsync(Stop)).Selected));
            await PassAsync(ListInterval);
            Assert.HasCount(11, Chosen((await _selection.ReadAsync(Stop)).Selected));
        });
    }

    [TestMethod]
    public async Task RunAsync_UnreadableSymbol_IsNotGone()
    {
        await RunAsync(async () =>
        {
            _exchange.Tickers = Tickers(19);
            _exchange.Unreadable = new Dictionary<string, string> { ["S19"] = "its tick has nine decimals" };
            await PassAsync(ListInterval);
        });

        Assert.HasCount(20, (await _selection.ReadAsync(Stop)).Selected.Chosen);
    }

    [TestMethod]
    public async Task RunAsync_RulesChange_AreAppliedSoonAlsoWhileTheExchangeIsAway()
    {
        await RunAsync(async () =>
        {
            _exchange.Failure = new ExchangeException("away", isTransient: true);
            _rules = _rules with { Edits = [new SymbolEdit(false, "S1*")] };
            var (_, changed) = await _selection.ReadAsync(Stop);
            await PassAsync(RulesInterval);
            await changed.WaitAsync(Patience.Limit, Stop);
        });

        CollectionAssert.AreEquivalent(Tickers(10), Chosen((await _selection.ReadAsync(Stop)).Selected));
    }

    [TestMethod]
    public async Task RunAsync_RulesThatSelectNothing_LeaveWhatWas()
    {
        await RunAsync(async () =>
        {
            _rules = _rules with { Edits = [new SymbolEdit(false, "*")] };
            await PassAsync(RulesInterval);
        });

        Assert.HasCount(20, (await _selection.ReadAsync(Stop)).Selected.Chosen);
        StringAssert.Contains(string.Join('\n', _log.Lines), "nothing that trades");
    }

    private static string[] Tickers(int count) => [.. Enumerable.Range(0, count).Select(number => $"S{number:00}")];

    private static string[] Chosen(SelectedSymbols selected) => [.. selected.Chosen.Select(symbol => symbol.Ticker)];

    private async Task RunAsync(Func<Task> act)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await _selection.ReadAsync(Stop);
        var running = _selection.RunAsync(stopping.Token);
        await act();
        await stopping.CancelAsync();
        await running;
    }

    /// <summary>Lets the time pass, look by look.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += RulesInterval) await _clock.AdvanceToNextTimerAsync(RulesInterval);
        while (_clock.ArmedTimers == 0)
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
