using System.Net;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Hosting;

/// <summary>A month of the whole service, over real sockets and on one clock with the exchange, which no real time passes on.</summary>
[TestClass]
public sealed class ThirtyDaysTests : IAsyncDisposable
{
    private const int StepsPerRound = 4;
    private const int BusySteps = 15;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(200);

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly HttpClient _http = new();
    private readonly SimulatedExchange _exchange;
    private TradeIngestHost? _service;
    private long _activity;
    private int _busySteps;
    private int _steps;

    public ThirtyDaysTests() => _exchange = new SimulatedExchange(new SimulatedExchangeOptions
    {
        Symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BTCEUR"],
        Rate = 0.005,
        TimeProvider = _clock,

        // Nothing takes less than a step of the clock.
        PingInterval = TimeSpan.FromMinutes(3),
        PongTimeout = TimeSpan.FromMinutes(10),
        Faults = FaultTable.Parse(1, ["list=NEWUSDT:192h", "delist=SOLUSDT:480h", "drop=0.005"]),
    });

    public TestContext TestContext { get; set; } = null!;

    public async ValueTask DisposeAsync()
    {
        if (_service is not null) await _service.DisposeAsync();
        await _exchange.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task Run_RotationsShutdownsHaltsABanAndChangingSymbols_IsCompleteWithinTheExchangesLimits()
    {
        await _exchange.StartAsync(TestContext.CancellationToken);
        var options = Options();
        var data = new DataFolder(options.Data);
        await using var stores = await Stores.OpenAsync(data, options, _clock, NullLoggerFactory.Instance, TestContext.CancellationToken);
        _service = TradeIngestHost.Build(stores, options, Role.All, isReset: false, _clock, NullLoggerFactory.Instance);
        await _service.StartAsync(TestContext.CancellationToken);
        await PassUntilAsync(() => _exchange.TradeStreams == 3);
        for (var day = 1; day <= 30; day++)
        {
            await HappenAsync(day);
            await PassAsync(TimeSpan.FromDays(1));
        }

        await PassUntilAsync(() => _service.Ingest!.Pipeline.Tracker.OpenGaps().Count == 0);
        await _exchange.HaltAsync();
        var stopping = _service.StopAsync();
        await PassUntilAsync(() => stopping.IsCompleted);
        Assert.IsTrue(await stopping);

        var balance = _service.Balance();
        Assert.IsTrue(balance.Balances, $"{balance}");
        AssertComplete(data);
        var stream = _service.Metrics.Stream;
        Assert.IsGreaterThanOrEqualTo(31, stream.Rotations.Value);
        Assert.IsLessThanOrEqualTo(stream.Rotations.Value + 100, _exchange.AcceptedConnections, "Some a day, and no storm.");
        Assert.AreEqual(0L, _exchange.RefusedByLimits);
    }

    private ServiceOptions Options() => new()
    {
        Data = _folder.FullName,
        Exchange = new ExchangeOptions
        {
            WebSocket = _exchange.WsBase.ToString(),
            Rest = _exchange.RestBase.ToString(),
            Symbols = "*USDT",
            InfoInterval = TimeSpan.FromHours(1),
            Stream = new BinanceTradeStreamOptions
            {
                KeepAlive = TimeSpan.FromMinutes(5),
                ConnectTimeout = TimeSpan.FromMinutes(2),
                ReplyTimeout = TimeSpan.FromMinutes(1),
            },
        },
    };

    /// <summary>What a day begins with.</summary>
    private async Task HappenAsync(int day)
    {
        switch (day)
        {
            case 3 or 25:
                _exchange.AnnounceShutdown();
                break;
            case 5 or 18:
                _exchange.DropConnections();
                break;
            case 10:
                _exchange.SetStatus("ETHUSDT", "HALT");
                await PassAsync(TimeSpan.FromHours(6));
                _exchange.SetStatus("ETHUSDT", "TRADING");
                break;
            case 12:
                // A connection is lost, and whatever is asked about it is answered with a ban.
                _exchange.Faults.RestStatuses = FaultTable.Parse(1, ["rest-status=418:1:30m"]).RestStatuses;
                _exchange.DropConnections();
                await PassAsync(TimeSpan.FromMinutes(20));
                _exchange.Faults.RestStatuses = [];
                break;
        }
    }

    private void AssertComplete(DataFolder data)
    {
        using var database = SqliteDatabase.OpenForReading(data.Warehouse);
        var captured = SqliteReads.Coverage(database).Where(symbol => !symbol.Captured.IsEmpty).ToDictionary(symbol => symbol.Key.Ticker);
        CollectionAssert.AreEquivalent(new[] { "BTCUSDT", "ETHUSDT", "SOLUSDT", "NEWUSDT" }, captured.Keys);
        foreach (var (ticker, symbol) in captured)
        {
            Assert.HasCount(1, symbol.Covered, $"{ticker}: {symbol.Captured}");
            Assert.AreEqual(symbol.Count(CoverageState.Stored), symbol.Covered[0].Count, ticker);
        }

        Assert.AreEqual(0, captured["NEWUSDT"].Covered[0].From, "From its first trade on.");
        var results = new SqliteAudits(database, new SqliteWarehouseOptions(), new MarketOracle(_exchange.Description!)).Run();

        // What was traded before the first connection is nobody's.
        Assert.AreEqual(
            "", string.Join('\n', results.Where(result => result.Name != "oracle_missing").SelectMany(result => result.Failing)));
        var market = new SimulatedMarket(_exchange.Description!);
        foreach (var (ticker, symbol) in captured)
        {
            Assert.AreEqual(market.Symbol(ticker).FirstId + _exchange.Produced(ticker) - 1, symbol.Covered[0].To, ticker);
        }
    }

    private async Task PassUntilAsync(Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            await StepAsync(Busy);
        }
    }

    private async Task PassAsync(TimeSpan time)
    {
        for (var end = _clock.GetUtcNow() + time; _clock.GetUtcNow() < end;) await StepAsync(NextStep());
    }

    /// <summary>Small steps while requests and connections are made, since those take steps to be answered.</summary>
    private TimeSpan NextStep()
    {
        var metrics = _service!.Metrics;
        var activity = metrics.Backfill.Requests.Value + metrics.Stream.ControlMessages.Value + metrics.Stream.Connects.Value
            + metrics.Stream.Disconnects.Value + _exchange.AcceptedConnections;
        if (activity != _activity) (_activity, _busySteps) = (activity, BusySteps);
        return --_busySteps > 0 ? Busy : Quiet;
    }

    private async Task StepAsync(TimeSpan step)
    {
        Assert.IsFalse(_service!.Stopping.IsCancellationRequested && _service.Metrics.Stream.Trades.Value == 0, "It ended by itself.");
        _clock.Advance(step);
        if (step == Quiet && ++_steps % StepsPerRound != 0)
        {
            await Task.Yield();
            return;
        }

        // What was on its way arrives while this goes to the exchange and back; it costs no weight.
        using var reply = await _http.GetAsync(new Uri(_exchange.RestBase, "/nothing"), TestContext.CancellationToken);
        Assert.AreNotEqual(HttpStatusCode.OK, reply.StatusCode);
    }
}
