using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>Connections that live and do not do what they should, against the simulated exchange.</summary>
[TestClass]
public sealed class WatchdogTests : IAsyncDisposable
{
    private readonly SymbolTable _table = new();
    private readonly StreamMetrics _metrics = new TradeIngestMetrics().Stream;
    private readonly EventTape _tape = new();
    private SimulatedExchange? _exchange;
    private BinanceTradeStream? _stream;

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null) await _stream.DisposeAsync();
        if (_exchange is not null) await _exchange.DisposeAsync();
    }

    [TestMethod]
    public async Task Run_BusySymbolIsWithheld_TheConnectionIsReplacedAndNotLost()
    {
        await StartAsync(new Faults(1), rate: 2000);
        await UntilAsync(() => _metrics.Trades.Value > 20_000);
        _exchange!.MuteSymbol("BTCUSDT", muted: true);
        await UntilAsync(() => _metrics.Rotations.Value >= 1);

        Assert.AreEqual(0L, _metrics.Disconnects.Value);
    }

    [TestMethod]
    public async Task Run_TradesComeLaterAndLater_TheConnectionIsReplacedAndNotLost()
    {
        await StartAsync(new Faults(1), rate: 2000);
        await UntilAsync(() => _metrics.Trades.Value > 2000);
        _exchange!.Faults.Latency = TimeSpan.FromSeconds(2);
        await UntilAsync(() => _metrics.Rotations.Value >= 1);

        Assert.AreEqual(0L, _metrics.Disconnects.Value);
    }

    [TestMethod]
    public async Task Run_NeitherFramesNorPongs_IsALostConnection()
    {
        await StartAsync(new Faults(1) { Stall = TimeSpan.FromSeconds(1) }, rate: 100, TimeSpan.FromSeconds(1));
        var lost = await _tape.NextAsync<Disconnected>();

        StringAssert.Contains(lost.Reason, "Pong");
        await _tape.NextAsync<Connected>();
    }

    [TestMethod]
    public async Task Run_RareSymbolAndPongs_IsALivingConnection()
    {
        await StartAsync(new Faults(1), rate: 0.001, keepAlive: TimeSpan.FromSeconds(5));
        await UntilAsync(() => _metrics.Connects.Value == 1);

        // Two pings and their answers, and no frame.
        await Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System, CancellationToken.None);

        Assert.AreEqual((0L, 0L), (_metrics.Disconnects.Value, _metrics.Rotations.Value));
        Assert.AreEqual(1, _exchange!.OpenConnections);
    }

    private async Task StartAsync(Faults faults, double rate, TimeSpan? keepAlive = null)
    {
        string[] tickers = ["BTCUSDT", "ETHUSDT"];
        _exchange = new SimulatedExchange(new SimulatedExchangeOptions { Symbols = tickers, Rate = rate, Faults = faults });
        await _exchange.StartAsync();
        var options = new BinanceTradeStreamOptions
        {
            Endpoint = _exchange.WsBase,
            KeepAlive = keepAlive ?? TimeSpan.FromSeconds(15),
            QuietAfter = TimeSpan.FromSeconds(1),
            LateBy = TimeSpan.FromSeconds(1),
            LateAfter = TimeSpan.FromSeconds(1),
            MinimumBackoff = TimeSpan.FromMilliseconds(20),
        };
        _stream = new BinanceTradeStream(
            [.. tickers.Select(_table.Intern)], options, () => WebSocketTransport.Create(WebSocketTransport.Default, options),
            new Random(1), TimeProvider.System, _metrics, NullLogger<BinanceTradeStream>.Instance);
        _stream.Subscribe(_tape);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var patience = Patience.Start();
        while (!condition()) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, patience.Token);
    }
}
