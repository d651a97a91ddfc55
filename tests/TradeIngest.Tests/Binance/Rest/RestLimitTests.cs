using System.Net;
using System.Net.Sockets;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Binance.Rest;

/// <summary>A server that answers oddly costs one call, in bounded time and memory.</summary>
[TestClass]
public sealed class RestLimitTests : IDisposable
{
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ending = new();
    private int _connections;

    public RestLimitTests() => _server.Start();

    [TestMethod]
    public async Task Get_BodyThatStalls_EndsAtTheLimitOfTheWholeCall()
    {
        var serving = ServeAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", pieces: 0);

        var failure = await AskAsync(TimeSpan.FromMilliseconds(300));

        Assert.IsTrue(failure.IsTransient);
        Assert.Contains("no whole answer within 00:00:00.3000000", failure.Message);
        await EndAsync(serving);
    }

    [TestMethod]
    [DataRow("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n")]
    [DataRow("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")]
    public async Task Get_BodyWithoutEnd_IsCutOff(string head)
    {
        var serving = ServeAsync(head, pieces: int.MaxValue);
        var before = GC.GetTotalAllocatedBytes();

        var failure = await AskAsync(Patience.Limit);

        Assert.IsTrue(failure.IsTransient);
        Assert.IsLessThan(512L << 20, GC.GetTotalAllocatedBytes() - before);
        await EndAsync(serving);
    }

    [TestMethod]
    public async Task Get_ConnectionClosedWithoutAnAnswer_IsOneAttempt()
    {
        var serving = ServeAsync("", pieces: 0, isClosing: true);

        Assert.IsTrue((await AskAsync(Patience.Limit)).IsTransient);

        Assert.AreEqual(1, Volatile.Read(ref _connections));
        await EndAsync(serving);
    }

    public void Dispose()
    {
        _server.Dispose();
        _ending.Dispose();
    }

    private async Task<ExchangeException> AskAsync(TimeSpan limit)
    {
        using var http = BinanceRestClient.CreateHttp(new Uri($"http://{_server.LocalEndpoint}/"), limit);
        var ban = new ExchangeBan(TimeProvider.System, path: null, NullLogger.Instance);
        var client = new BinanceRestClient(http, new WeightBudget(TimeProvider.System, ban), TimeProvider.System);
        return await Assert.ThrowsExactlyAsync<ExchangeException>(
            () => client.GetTimeAsync(CancellationToken.None)).WaitAsync(Patience.Limit);
    }

    private async Task EndAsync(Task serving)
    {
        await _ending.CancelAsync();
        await serving;
    }

    private async Task ServeAsync(string head, int pieces, bool isClosing = false)
    {
        var piece = new byte[64 << 10];
        try
        {
            while (true)
            {
                using var client = await _server.AcceptTcpClientAsync(_ending.Token);
                Interlocked.Increment(ref _connections);
                var stream = client.GetStream();
                _ = await stream.ReadAsync(piece, _ending.Token);
                if (isClosing) continue;
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head), _ending.Token);
                for (var i = 0; i < pieces; i++) await stream.WriteAsync(piece, _ending.Token);
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _ending.Token);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException)
        {
            // The client had enough, or the test is over.
        }
    }
}
