using Crypto.TestSupport;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Simulation;
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

    public ExchangeInfoPollingTests() => _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);

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
        using var http = new HttpClient { BaseAddress = _exchange.RestBase };
        await using var away = new AwayChangeLog(_warehouse);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = Polling(http, away, "BTCUSDT").RunAsync(TimeSpan.Zero, stopping.Token);
        await Until(() => away.Refused == 1 && _clock.ArmedTimers == 1);

        away.IsAway = false;
        _clock.Advance(TimeSpan.FromSeconds(30));
        await Until(() => _clock.ArmedTimers == 1);

        Assert.AreEqual("BTCUSDT", (await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop)).Single().Key.Ticker);
        Assert.AreEqual(TimeSpan.FromHours(1), _clock.NextDue);
        await stopping.CancelAsync();
        await running;
    }

    [TestMethod]
    public async Task RunAsync_SymbolDescribedBeforeAndNotChosen_IsKeptCurrent()
    {
        await _exchange.StartAsync(Stop);
        using var http = new HttpClient { BaseAddress = _exchange.RestBase };
        await PollOnceAsync(http, "BTCUSDT");
        _exchange.SetStatus("BTCUSDT", "HALT");

        await PollOnceAsync(http, "ETHUSDT");

        var said = await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, Stop);
        Assert.HasCount(2, said.Where(change => change.Key.Ticker == "BTCUSDT"));
        Assert.HasCount(1, said.Where(change => change.Key.Ticker == "ETHUSDT"));
    }

    private async Task PollOnceAsync(HttpClient http, string ticker)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = Polling(http, _warehouse, ticker).RunAsync(TimeSpan.Zero, stopping.Token);
        await Until(() => _clock.ArmedTimers == 1);
        await stopping.CancelAsync();
        await running;
    }

    private ExchangeInfoPolling Polling(HttpClient http, ISymbolChangeLog log, string ticker) => new(
        new BinanceRestClient(http, new WeightBudget(TimeProvider.System), TimeProvider.System), [ticker], TimeSpan.FromHours(1), new ReferenceSync(log, _clock), _clock,
        NullLogger<ExchangeInfoPolling>.Instance);

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
