using System.Net.WebSockets;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

[TestClass]
public sealed class StreamConnectionTests
{
    private const int Text = 1;
    private const int Close = 8;
    private const int Ping = 9;
    private const int Pong = 10;

    [TestMethod]
    public async Task Ping_FromTheClient_IsAnsweredWithItsPayload()
    {
        await using var exchange = await StartAsync(new());
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendAsync(0x89, "hello"u8.ToArray());
        var (opcode, payload) = (await client.ReceiveAsync())!.Value;
        Assert.AreEqual(Pong, opcode);
        CollectionAssert.AreEqual("hello"u8.ToArray(), payload);
    }

    [TestMethod]
    public async Task Pings_AnsweredByTheClient_KeepTheConnection()
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await StartAsync(new() { TimeProvider = clock });
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");

        // Together longer than the timeout.
        for (var i = 0; i < 10; i++)
        {
            await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(20));
            var (opcode, payload) = (await client.ReceiveAsync())!.Value;
            Assert.AreEqual(Ping, opcode);
            Assert.IsGreaterThan(0, payload.Length);
            await client.SendAsync(0x8A, payload);

            // A reply shows that the pong before it was taken.
            await client.SendTextAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
            Assert.AreEqual(Text, (await client.ReceiveAsync())!.Value.Opcode);
        }
    }

    [TestMethod]
    [DataRow(false, DisplayName = "no pong at all")]
    [DataRow(true, DisplayName = "pongs with another payload")]
    public async Task Pings_NotAnswered_EndTheConnection(bool unsolicited)
    {
        var clock = new ManualTimeProvider();
        await using var exchange = await StartAsync(new() { TimeProvider = clock });
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        for (var i = 0; i < 3; i++)
        {
            await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(20));
            Assert.AreEqual(Ping, (await client.ReceiveAsync())!.Value.Opcode);
            if (unsolicited) await client.SendAsync(0x8A, "x"u8.ToArray());
        }

        await clock.AdvanceToNextTimerAsync(TimeSpan.FromSeconds(20));
        var frame = await client.ReceiveAsync();
        Assert.AreEqual(Close, frame!.Value.Opcode);
        Assert.AreEqual("Pong timeout", Encoding.UTF8.GetString(frame.Value.Payload.AsSpan(2)));
    }

    [TestMethod]
    public async Task Messages_SixWithinASecond_CloseWith1008()
    {
        await using var exchange = await StartAsync(new());
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        for (var i = 0; i < 2; i++) await client.SendAsync(0x89, []);
        for (var i = 0; i < 2; i++) await client.SendAsync(0x8A, []);
        for (var i = 0; i < 2; i++) await client.SendTextAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        Assert.AreEqual(1008, await client.ReceiveCloseAsync());
    }

    [TestMethod]
    public async Task Close_FromTheClient_IsEchoedAndEndsTheConnection()
    {
        await using var exchange = await StartAsync(new());
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendAsync(0x88, [0x03, 0xE8, .. "bye"u8]);
        var (opcode, payload) = (await client.ReceiveAsync())!.Value;
        Assert.AreEqual(Close, opcode);
        CollectionAssert.AreEqual(new byte[] { 0x03, 0xE8 }, payload);
        Assert.IsNull(await client.ReceiveAsync());
    }

    [TestMethod]
    [DataRow(new byte[] { 0x81, 0x01, 0x61 }, 1002)]
    [DataRow(new byte[] { 0x81, 0x81, 0, 0, 0, 0, 0xFF }, 1007)]
    [DataRow(new byte[] { 0x82, 0x81, 0, 0, 0, 0, 0x61 }, 1003)]
    public async Task Bytes_AgainstTheProtocol_CloseWithTheCode(byte[] bytes, int code)
    {
        await using var exchange = await StartAsync(new());
        using var client = await RawStreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendBytesAsync(bytes);
        Assert.AreEqual(code, await client.ReceiveCloseAsync());
    }

    [TestMethod]
    public async Task Lifetime_Over_AnnouncesThenCloses()
    {
        await using var exchange = await StartAsync(new() { Faults = FaultTable.Parse(1, ["lifetime=50ms"]) });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");
        Assert.AreEqual("serverShutdown", (await client.ReceiveJsonAsync()).GetProperty("e").GetString());
        Assert.IsNull(await client.ReceiveAsync());
        Assert.AreEqual(WebSocketCloseStatus.EndpointUnavailable, client.Socket.CloseStatus);
    }

    [TestMethod]
    public async Task ShutDownConnections_RawAndCombined_AnnounceThenClose()
    {
        await using var exchange = await StartAsync(new());
        using var raw = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        using var combined = await StreamClient.ConnectAsync(exchange.WsBase, "/stream?streams=btcusdt@trade&timeUnit=microsecond");

        // A reply shows that the server has the connection.
        await raw.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        await combined.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        exchange.ShutDownConnections();

        var bare = await raw.ReceiveJsonAsync();
        Assert.AreEqual("serverShutdown", bare.GetProperty("e").GetString());
        Assert.IsLessThan(100_000_000_000_000, bare.GetProperty("E").GetInt64());
        var wrapped = await combined.ReceiveJsonAsync();
        Assert.AreEqual("!serverShutdown", wrapped.GetProperty("stream").GetString());
        Assert.IsGreaterThan(100_000_000_000_000, wrapped.GetProperty("data").GetProperty("E").GetInt64());
        Assert.IsNull(await raw.ReceiveAsync());
        Assert.IsNull(await combined.ReceiveAsync());

        using var again = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");
        Assert.AreEqual(3, exchange.AcceptedConnections);
    }

    [TestMethod]
    public async Task DropConnections_OpenConnection_EndsWithoutAClose()
    {
        await using var exchange = await StartAsync(new());
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":1}""");
        exchange.DropConnections();
        await Assert.ThrowsExactlyAsync<WebSocketException>(client.ReceiveAsync);
    }

    [TestMethod]
    public async Task Connections_MoreThanTheLimit_AreRefused()
    {
        await using var exchange = await StartAsync(new() { ConnectionsPerFiveMinutes = 2 });
        for (var i = 0; i < 2; i++) (await StreamClient.ConnectAsync(exchange.WsBase, "/ws")).Dispose();
        await Assert.ThrowsExactlyAsync<WebSocketException>(() => StreamClient.ConnectAsync(exchange.WsBase, "/ws"));
    }

    [TestMethod]
    [DataRow("/ws?timeUnit=NANOSECOND")]
    [DataRow("/elsewhere")]
    public async Task Connect_OddUrl_IsRefused(string path)
    {
        await using var exchange = await StartAsync(new());
        await Assert.ThrowsExactlyAsync<WebSocketException>(() => StreamClient.ConnectAsync(exchange.WsBase, path));
    }

    [TestMethod]
    public async Task Connect_MoreStreamsThanTheLimit_IsRefused()
    {
        await using var exchange = await StartAsync(new() { StreamsPerConnection = 1024 });
        var names = new StringBuilder("/stream?streams=s0@trade");
        for (var i = 1; i < 1025; i++) names.Append("/s").Append(i).Append("@trade");
        await Assert.ThrowsExactlyAsync<WebSocketException>(() => StreamClient.ConnectAsync(exchange.WsBase, names.ToString()));
    }

    private static async Task<SimulatedExchange> StartAsync(SimulatedExchangeOptions options)
    {
        // Quiet: the first trade is an hour away.
        var exchange = new SimulatedExchange(options with { Symbols = ["BTCUSDT"], Rate = 0.001 });
        await exchange.StartAsync();
        return exchange;
    }
}
