using System.Net.WebSockets;
using System.Threading.Channels;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

/// <summary>What happens over minutes and hours, on a manual clock.</summary>
[TestClass]
public sealed class StreamShardTests : IAsyncDisposable
{
    private static readonly WebSocketException Refused = new("refused");

    private readonly ManualTimeProvider _clock = new();
    private readonly EventTape _tape = new();
    private readonly Channel<FakeConnection> _opened = Channel.CreateUnbounded<FakeConnection>();
    private readonly SymbolTable _table = new();
    private readonly StreamMetrics _metrics = new TradeIngestMetrics().Stream;
    private Exception? _refusal;
    private BinanceTradeStream? _stream;

    [TestMethod]
    public async Task Run_NoTradeForHours_IsNoReasonToReconnect()
    {
        Start(Unwatched);
        var connection = await ConnectedAsync();
        for (var id = 1; id <= 3; id++)
        {
            _clock.Advance(TimeSpan.FromHours(5));
            connection.Push(ScriptedExchange.Trade("BTCUSDT", id));
            await _tape.TradesAsync(id);
        }

        Assert.AreEqual((0L, 0L, 1L), (_metrics.Disconnects.Value, _metrics.Rotations.Value, _metrics.Connects.Value));
    }

    [TestMethod]
    public async Task Run_BusySymbolGoesSilent_IsReplacedBeforeTheOldConnectionEndsAndOnlyOnce()
    {
        // The events of the script have one time.
        Start(options => options with { LateAfter = Timeout.InfiniteTimeSpan });
        var first = await ConnectedAsync();
        for (var id = 1; id <= 200; id++)
        {
            first.Push(ScriptedExchange.Trade("BTCUSDT", id));
            await _tape.TradesAsync(id);
            await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(5));
        }

        for (var i = 0; i < 6; i++) await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(5));
        Assert.IsFalse(_opened.Reader.TryPeek(out _));
        for (var i = 0; i < 10 && !_opened.Reader.TryPeek(out _); i++) await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(5));
        var second = await ConnectedAsync();
        second.Push(ScriptedExchange.Trade("BTCUSDT", 201));
        await _tape.TradesAsync(201);
        for (var i = 0; i < 200; i++) await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(5));

        Assert.IsTrue(first.IsClosed);
        Assert.AreEqual((0L, 1L, 2L), (_metrics.Disconnects.Value, _metrics.Rotations.Value, _metrics.Connects.Value));
    }

    [TestMethod]
    public async Task Run_OldConnection_IsReplacedBeforeTheExchangeCutsItAndThenClosed()
    {
        Start(Unwatched);
        var first = await ConnectedAsync();
        await _clock.AdvanceToNextTimerAsync(TimeSpan.FromHours(23));
        var second = await ConnectedAsync();
        second.Push(ScriptedExchange.Trade("BTCUSDT", 1));
        await _tape.TradesAsync(1);
        await _stream!.StopAsync();

        Assert.IsTrue(first.IsClosed);
        Assert.AreEqual(1, _metrics.Rotations.Value);
        Assert.AreEqual(0, _metrics.Disconnects.Value);
    }

    [TestMethod]
    public async Task Run_ReplacementFails_KeepsTheOldConnectionAndTriesAgain()
    {
        Start(Unwatched);
        var first = await ConnectedAsync();
        _refusal = Refused;
        await _clock.AdvanceToNextTimerAsync(TimeSpan.FromHours(23));
        await _opened.Reader.ReadAsync();
        first.Push(ScriptedExchange.Trade("BTCUSDT", 1));
        await _tape.TradesAsync(1);
        Assert.IsFalse(first.IsClosed);

        _refusal = null;
        await _clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(1));
        await ConnectedAsync();
        await _stream!.StopAsync();
        Assert.IsTrue(first.IsClosed);
    }

    [TestMethod]
    public async Task Run_ExchangeDown_BacksOffLongerAndLongerThenStartsAnew()
    {
        _refusal = Refused;
        Start(Unwatched);
        var delays = new List<TimeSpan>();
        for (var i = 0; i < 9; i++)
        {
            var lost = await _tape.NextAsync<Disconnected>();
            delays.Add(lost.RetryIn);
            if (i == 8) _refusal = null;
            await _clock.AdvanceToNextTimerAsync(lost.RetryIn);
        }

        var connection = await ConnectedAsync();
        _clock.Advance(TimeSpan.FromMinutes(2));
        connection.Cut();
        var later = await _tape.NextAsync<Disconnected>();

        Assert.IsTrue(delays.Max() > TimeSpan.FromSeconds(5) && delays.Max() <= TimeSpan.FromSeconds(30), string.Join(' ', delays));
        Assert.IsLessThanOrEqualTo(TimeSpan.FromMilliseconds(500), delays[0]);
        Assert.IsLessThanOrEqualTo(TimeSpan.FromMilliseconds(500), later.RetryIn);
    }

    [TestMethod]
    public async Task Run_ExchangeSaysWhenToComeBack_StaysAwayUntilThen()
    {
        _refusal = new ExchangeException("429", isTransient: true) { RetryAfter = TimeSpan.FromMinutes(5) };
        Start(options => options);

        Assert.AreEqual(TimeSpan.FromMinutes(5), (await _tape.NextAsync<Disconnected>()).RetryIn);
    }

    [TestMethod]
    public async Task Run_UpgradeRefusedByABan_IsABanOfRequestsToo()
    {
        _refusal = new ExchangeException("418", isTransient: true) { IsBan = true, RetryAfter = TimeSpan.FromMinutes(5) };
        Start(options => options);
        await _tape.NextAsync<Disconnected>();

        var request = new WeightBudget(_clock, _stream!.Ban).SpendAsync(1, isUrgent: true, CancellationToken.None);
        Assert.AreEqual(TimeSpan.FromMinutes(5), _stream.Ban.Until - _stream.Ban.Now);
        Assert.IsFalse(request.IsCompleted);

        _clock.Advance(TimeSpan.FromMinutes(5));
        await request.WaitAsync(Patience.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null) await _stream.DisposeAsync();
    }

    private static BinanceTradeStreamOptions Unwatched(BinanceTradeStreamOptions options) =>
        options with { QuietAfter = Timeout.InfiniteTimeSpan, LateAfter = Timeout.InfiniteTimeSpan };

    private void Start(Func<BinanceTradeStreamOptions, BinanceTradeStreamOptions> change)
    {
        _stream = new BinanceTradeStream(
            [_table.Intern("BTCUSDT")],
            change(new BinanceTradeStreamOptions()),
            () =>
            {
                var connection = new FakeConnection { Refusal = _refusal };
                _opened.Writer.TryWrite(connection);
                return connection;
            },
            new Random(1),
            _clock,
            _metrics,
            NullLogger<BinanceTradeStream>.Instance);
        _stream.Subscribe(_tape);
    }

    /// <summary>The connection behind the next <see cref="Connected"/>.</summary>
    private async Task<FakeConnection> ConnectedAsync()
    {
        await _tape.NextAsync<Connected>();
        FakeConnection? last = null;
        while (_opened.Reader.TryRead(out var opened)) last = opened;
        return last!;
    }
}
