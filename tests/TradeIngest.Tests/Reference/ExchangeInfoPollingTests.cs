using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Reference;

[TestClass]
public sealed class ExchangeInfoPollingTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SimulatedExchange _exchange = new(new SimulatedExchangeOptions { Symbols = ["BTCUSDT", "ETHUSDT"], Rate = 1 });
    private readonly SqliteWarehouse _warehouse;

    public ExchangeInfoPollingTests() =>
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _exchange.DisposeAsync();
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task RunAsync_StoreAwayForNow_LooksAgainSoonNotAfterTheInterval()
    {
        await _exchange.StartAsync(Stop);
        using var exchange = Exchange();
        await using var away = new AwayChangeLog(_warehouse);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = Polling(exchange, away, "BTCUSDT").RunAsync(stopping.Token);
        await Until(() => away.Refused == 1 && _clock.ArmedTimers == 1);

        away.IsAway = false;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await Until(() => _clock.ArmedTimers == 1);

        Assert.AreEqual("BTCUSDT", (await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop)).Single().Key.Ticker);
        Assert.IsGreaterThan(TimeSpan.FromMinutes(59), _clock.NextDue!.Value);
        await stopping.CancelAsync();
        await running;
    }

    [TestMethod]
    public async Task RunAsync_SymbolDescribedBeforeAndNotChosen_IsKeptCurrent()
    {
        await _exchange.StartAsync(Stop);
        using var exchange = Exchange();
        await PollOnceAsync(exchange, "BTCUSDT");
        _exchange.SetStatus("BTCUSDT", "HALT");

        await PollOnceAsync(exchange, "ETHUSDT");

        var said = await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop);
        Assert.HasCount(2, said.Where(change => change.Key.Ticker == "BTCUSDT"));
        Assert.HasCount(1, said.Where(change => change.Key.Ticker == "ETHUSDT"));
    }

    [TestMethod]
    [DataRow(0, DisplayName = "none at all")]
    [DataRow(17, DisplayName = "three of twenty less")]
    public async Task RunAsync_ListThatLacksTooMuch_DeletesNothing(int listed)
    {
        var exchange = new ListingExchange();
        await PollAsync(exchange, Tickers(20), Tickers(listed), Tickers(20));

        Assert.HasCount(20, await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop));
    }

    [TestMethod]
    public async Task RunAsync_ListsThatLackTheSame_AreBelieved()
    {
        await PollAsync(new ListingExchange(), Tickers(20), Tickers(17), Tickers(16), Tickers(16));

        var said = await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop);
        var deleted = said.Where(change => change.Operation == ChangeOperation.Delete);
        CollectionAssert.AreEquivalent(Tickers(20)[16..], deleted.Select(change => change.Key.Ticker).ToArray());
    }

    [TestMethod]
    public async Task RunAsync_EmptyListsForEver_DeleteNothing()
    {
        await PollAsync(new ListingExchange(), Tickers(20), [], [], []);

        Assert.HasCount(20, await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop));
    }

    [TestMethod]
    public async Task RunAsync_FewDelisted_AreDeletedAtOnceAndTheUnreadableAreKept()
    {
        var exchange = new ListingExchange();
        await PollAsync(exchange, Tickers(20), Tickers(18));
        exchange.Unreadable = new Dictionary<string, string> { ["S17"] = "its tick has nine decimals" };
        await PollAsync(exchange, Tickers(17));

        var said = await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop);
        var deleted = said.Where(change => change.Operation == ChangeOperation.Delete);
        CollectionAssert.AreEquivalent(Tickers(20)[18..], deleted.Select(change => change.Key.Ticker).ToArray());
    }

    private static string[] Tickers(int count) => [.. Enumerable.Range(0, count).Select(number => $"S{number:00}")];

    /// <summary>One list at each poll.</summary>
    private async Task PollAsync(ListingExchange exchange, params string[][] lists)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        exchange.Tickers = lists[0];
        var polling = new ExchangeInfoPolling(
            exchange, Selecting(exchange, "S*"), new ExchangeInfoOptions(TimeSpan.FromHours(1), MaxDelistedPercent: 10),
            new ReferenceSync(_warehouse, _clock), _clock, NullLogger<ExchangeInfoPolling>.Instance);
        var running = polling.RunAsync(stopping.Token);
        foreach (var list in lists.Skip(1))
        {
            await Until(() => _clock.ArmedTimers == 1);
            exchange.Tickers = list;
            _clock.Advance(TimeSpan.FromHours(1));
        }

        await Until(() => _clock.ArmedTimers == 1);
        await stopping.CancelAsync();
        await running;
    }

    private async Task PollOnceAsync(IExchange exchange, string ticker)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = Polling(exchange, _warehouse, ticker).RunAsync(stopping.Token);
        await Until(() => _clock.ArmedTimers == 1);
        await stopping.CancelAsync();
        await running;
    }

    private BinanceExchange Exchange() => new(
        new BinanceExchangeOptions(
            _exchange.RestBase, new BinanceTradeStreamOptions(), new ExchangeClockOptions(),
            () => throw new InvalidOperationException("No stream is opened."), BanFile: null),
        TimeProvider.System, new Random(1), new TradeIngestMetrics().Stream, NullLoggerFactory.Instance);

    private ExchangeInfoPolling Polling(IExchange exchange, ISymbolChangeLog log, string ticker) => new(
        exchange, Selecting(exchange, ticker), new ExchangeInfoOptions(TimeSpan.FromHours(1), MaxDelistedPercent: 10),
        new ReferenceSync(log, _clock), _clock,
        NullLogger<ExchangeInfoPolling>.Instance);

    private SymbolSelection Selecting(IExchange exchange, string pattern)
    {
        var rules = new SymbolRules([pattern], [], []);
        return new SymbolSelection(
            exchange, () => rules, new SymbolSelectionOptions("the exchange", TimeSpan.FromHours(1), TimeSpan.FromSeconds(1), 10), _clock,
            NullLogger<SymbolSelection>.Instance);
    }

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
