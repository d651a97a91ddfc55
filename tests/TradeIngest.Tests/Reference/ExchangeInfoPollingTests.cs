using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
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
        Assert.AreEqual(TimeSpan.FromHours(1), _clock.NextDue);
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
            _exchange.RestBase, new BinanceTradeStreamOptions(), new ExchangeClockOptions(), () =>
                throw new InvalidOperationException("No stream is opened.")),
        new SymbolTable(), TimeProvider.System, new Random(1), new TradeIngestMetrics().Stream, NullLoggerFactory.Instance);

    private ExchangeInfoPolling Polling(IExchange exchange, ISymbolChangeLog log, string ticker) => new(
        exchange, [ticker], TimeSpan.FromHours(1), new ReferenceSync(log, _clock), _clock, NullLogger<ExchangeInfoPolling>.Instance);

    private async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            Stop.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
