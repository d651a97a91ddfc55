using System.Net;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class ExchangeClockTests : IDisposable
{
    private readonly ManualTimeProvider _machine = new();
    private readonly ServerTime _server;
    private readonly HttpClient _http;
    private readonly BinanceRestClient _rest;
    private readonly ExchangeClock _clock;

    public ExchangeClockTests()
    {
        _server = new ServerTime(_machine);
        _http = new HttpClient(_server) { BaseAddress = new Uri("https://api.example") };
        _rest = new BinanceRestClient(
            _http, new WeightBudget(_machine, new ExchangeBan(_machine, path: null, NullLogger.Instance)), _machine);
        _clock = new ExchangeClock(_machine, new ExchangeClockOptions(), NullLogger<ExchangeClock>.Instance);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public void Dispose() => _http.Dispose();

    [TestMethod]
    [DataRow(0, 0)]
    [DataRow(4, 0)]
    [DataRow(-4, 0)]
    [DataRow(6, 6)]
    [DataRow(90_000, 90_000)]
    [DataRow(-90_000, -90_000)]
    public async Task CompareAsync_Difference_IsUsedBeyondTheTolerance(int ahead, int used)
    {
        _server.Ahead = TimeSpan.FromSeconds(ahead);

        await _clock.CompareAsync(_rest, Stop);

        Assert.AreEqual(TimeSpan.FromSeconds(used), _clock.Offset);
        Assert.AreEqual(_machine.GetUtcNow() + TimeSpan.FromSeconds(used), _clock.GetUtcNow());
        Assert.AreEqual(_machine.GetTimestamp(), _clock.GetTimestamp());
    }

    [TestMethod]
    public async Task RunAsync_ClockSteppedAway_IsNoticedWithinTheIntervalAndForgottenWhenSetRight()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = _clock.RunAsync(_rest, stop.Token);
        _server.Ahead = TimeSpan.FromDays(2);
        await AdvanceAsync(TimeSpan.FromHours(1));
        await Patience.UntilAsync(() => _clock.Offset == TimeSpan.FromDays(2), Stop);

        _server.Ahead = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromHours(1));
        await Patience.UntilAsync(() => _clock.Offset == TimeSpan.Zero, Stop);

        await stop.CancelAsync();
        await running;
    }

    [TestMethod]
    public async Task RunAsync_ComparisonRequested_IsMadeWithinSeconds()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = _clock.RunAsync(_rest, stop.Token);
        _server.Ahead = TimeSpan.FromDays(-2);
        _clock.RequestComparison();
        _clock.RequestComparison();
        await AdvanceAsync(TimeSpan.FromSeconds(5));

        await Patience.UntilAsync(() => _clock.Offset == TimeSpan.FromDays(-2), Stop);

        await stop.CancelAsync();
        await running;
    }

    [TestMethod]
    public async Task RunAsync_ExchangeDown_KeepsTheOffsetAndAsksAgainInAMinute()
    {
        _server.Ahead = TimeSpan.FromDays(1);
        await _clock.CompareAsync(_rest, Stop);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var running = _clock.RunAsync(_rest, stop.Token);
        _server.IsDown = true;
        await AdvanceAsync(TimeSpan.FromHours(1));
        await Patience.UntilAsync(() => _server.Requests == 2, Stop);
        Assert.AreEqual(TimeSpan.FromDays(1), _clock.Offset);

        _server.IsDown = false;
        _server.Ahead = TimeSpan.Zero;
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        await Patience.UntilAsync(() => _clock.Offset == TimeSpan.Zero, Stop);

        await stop.CancelAsync();
        await running;
    }

    // Once the code under test has come to its delay.
    private async Task AdvanceAsync(TimeSpan by)
    {
        await Patience.UntilAsync(() => _machine.ArmedTimers > 0, Stop);
        _machine.Advance(by);
    }

    private sealed class ServerTime(TimeProvider machine) : HttpMessageHandler
    {
        public TimeSpan Ahead { get; set; }

        public bool IsDown { get; set; }

        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            Assert.AreEqual("/api/v3/time", request.RequestUri!.AbsolutePath);
            if (IsDown) throw new HttpRequestException("no route");
            var microseconds = (machine.GetUtcNow() + Ahead - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(
                    FormattableString.Invariant($"{{\"serverTime\":{microseconds}}}"), Encoding.UTF8, "application/json"),
            });
        }
    }
}
