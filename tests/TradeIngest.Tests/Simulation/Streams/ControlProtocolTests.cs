using Crypto.TradeIngest.Simulation;

namespace Crypto.TradeIngest.Tests.Simulation.Streams;

[TestClass]
public sealed class ControlProtocolTests
{
    [TestMethod]
    public async Task Requests_OverOneConnection_AnswerAsDocumented()
    {
        await using var exchange = await StartAsync();
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");
        foreach (var (request, reply) in Conversation) Assert.AreEqual(reply, await client.AskAsync(request), request);
    }

    private static readonly (string Request, string Reply)[] Conversation =
    [
        ("""{"method":"LIST_SUBSCRIPTIONS","id":3}""", """{"result":[],"id":3}"""),
        ("""{"method":"SUBSCRIBE","params":["ltcbtc@depth","币安人生usdt@aggTrade"],"id":1}""", """{"result":null,"id":1}"""),
        ("""{"method":"SUBSCRIBE","params":["ltcbtc@depth","!ticker@arr"],"id":"6f3e1a5c-a1b2-4c3d-8e9f-0123456789ab"}""",
            """{"result":null,"id":"6f3e1a5c-a1b2-4c3d-8e9f-0123456789ab"}"""),
        ("""{"method":"LIST_SUBSCRIPTIONS","params":[],"id":null}""",
            """{"result":["ltcbtc@depth","币安人生usdt@aggTrade","!ticker@arr"],"id":null}"""),
        ("""{"method":"UNSUBSCRIBE","params":["ltcbtc@depth","never@trade"],"id":312}""", """{"result":null,"id":312}"""),
        ("""{"method":"LIST_SUBSCRIPTIONS","id":-9223372036854775808}""",
            """{"result":["币安人生usdt@aggTrade","!ticker@arr"],"id":-9223372036854775808}"""),
        ("""{"method":"GET_PROPERTY","params":["combined"],"id":2}""", """{"result":false,"id":2}"""),
        ("""{"method":"SET_PROPERTY","params":["combined",true],"id":5}""", """{"result":null,"id":5}"""),
        ("""{"method":"GET_PROPERTY","params":["combined"],"id":2}""", """{"result":true,"id":2}"""),
        ("""{"method":"SET_PROPERTY","params":["combine",true],"id":5}""", """{"code":0,"msg":"Unknown property","id":5}"""),
        ("""{"method":"SET_PROPERTY","params":["combined","true"],"id":5}""",
            """{"code":1,"msg":"Invalid value type: expected Boolean"}"""),
        ("""{"method":"SET_PROPERTY","params":[true],"id":5}""", """{"code":2,"msg":"Invalid request: property name must be a string"}"""),
        ("""{"method":"GET_PROPERTY","params":["combined",true],"id":5}""", """{"code":2,"msg":"Invalid request: too many parameters"}"""),
        ("""{"method":"SUBSCRIBE","params":["a@trade"],"id":1.5}""",
            """{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}"""),
        ("""{"method":"SUBSCRIBE","params":["a@trade"]}""",
            """{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}"""),
        ("""{"method":"SUBSCRIBE","params":["a@trade"],"id":"0123456789012345678901234567890123456"}""",
            """{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}"""),
        ("""{"method":"SUBSCRIB","params":["a@trade"],"id":1}""",
            """{"code":2,"msg":"Invalid request: unknown variant `SUBSCRIB`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, """
            + """`LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 20"}"""),
        ("""{"params":["a@trade"],"id":1}""", """{"code":2,"msg":"Invalid request: missing field `method` at line 1 column 29"}"""),
        ("""{"method":"SUBSCRIBE","params":["not a stream"],"id":2}""",
            """{"error":{"code":2,"msg":"Invalid request: invalid stream"},"id":2}"""),
        ("nonsense", """{"code":3,"msg":"Invalid JSON: expected value at line 1 column 2"}"""),
    ];

    [TestMethod]
    public async Task Subscribe_MoreThanTheLimit_AddsNone()
    {
        await using var exchange = await StartAsync(options => options with { StreamsPerConnection = 3 });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/a@trade/b@trade");
        Assert.AreEqual("""{"result":null,"id":1}""", await client.AskAsync("""{"method":"SUBSCRIBE","params":["c@trade"],"id":1}"""));
        Assert.AreEqual(
            """{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}""",
            await client.AskAsync("""{"method":"SUBSCRIBE","params":["a@trade","d@trade"],"id":19}"""));
        Assert.AreEqual(
            """{"result":["a@trade","b@trade","c@trade"],"id":2}""", await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":2}"""));
    }

    [TestMethod]
    public async Task Subscribe_FrameOver4096Bytes_IsIgnoredInSilence()
    {
        await using var exchange = await StartAsync();
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws");
        await client.SendAsync(Subscribe(4097));
        Assert.AreEqual("""{"result":[],"id":2}""", await client.AskAsync("""{"method":"LIST_SUBSCRIPTIONS","id":2}"""));
        Assert.AreEqual("""{"result":null,"id":1}""", await client.AskAsync(Subscribe(4096)));
    }

    private static string Subscribe(int length)
    {
        const string Head = """{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1""";
        return Head + new string(' ', length - Head.Length - 1) + "}";
    }

    private static async Task<SimulatedExchange> StartAsync(Func<SimulatedExchangeOptions, SimulatedExchangeOptions>? change = null)
    {
        var options = new SimulatedExchangeOptions { Symbols = ["BTCUSDT"], Rate = 0.001, MessagesPerSecond = 1000 };
        var exchange = new SimulatedExchange(change?.Invoke(options) ?? options);
        await exchange.StartAsync();
        return exchange;
    }
}
