using System.Globalization;
using System.Net;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Simulation;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class BinanceExchangeTests
{
    [TestMethod]
    [DataRow(418)]
    [DataRow(429)]
    public async Task Connect_Banned_AsksOnceAndAgainWhenTheBanIsOver(int status)
    {
        var asked = 0;
        using var server = new LoopbackServer(IPAddress.Loopback, 0, async context =>
        {
            var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
            if (Interlocked.Increment(ref asked) == 1)
            {
                context.Response.StatusCode = status;
                context.Response.Headers.RetryAfter = "1";
            }

            await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $$"""{"serverTime":{{now}}}"""));
        });
        await server.StartAsync(CancellationToken.None);
        using var exchange = new BinanceExchange(
            new BinanceExchangeOptions(
                server.Base("http"), new BinanceTradeStreamOptions(), new ExchangeClockOptions(),
                () => throw new NotSupportedException("No stream is opened."), BanFile: null),
            TimeProvider.System, new Random(1), new TradeIngestMetrics().Stream, NullLoggerFactory.Instance);

        await exchange.ConnectAsync(CancellationToken.None).WaitAsync(Patience.Limit);

        Assert.AreEqual(2, asked);
        await server.StopAsync(CancellationToken.None);
    }
}
