using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;

namespace Crypto.TradeIngest.Tests.Simulation;

/// <summary>REST of a simulated exchange as a client over HTTP sees it.</summary>
internal sealed class RestClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = Patience.Limit };

    public static readonly string[] Symbols = ["BTCUSDT", "ETHBTC", "币安人生USDT"];

    /// <summary>An exchange whose trades have all happened.</summary>
    public static async Task<SimulatedExchange> ProducedAsync(long trades, params string[] faults)
    {
        var exchange = await StartAsync(new() { TotalTrades = trades, Faults = FaultTable.Parse(1, faults) });
        using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
        var received = client.ReceiveAsync();
        await exchange.Finished;
        client.Socket.Abort();
        await received.ContinueWith(_ => { }, TaskScheduler.Default);
        return exchange;
    }

    public static async Task<SimulatedExchange> StartAsync(SimulatedExchangeOptions options)
    {
        var exchange = new SimulatedExchange(options with { Symbols = Symbols });
        await exchange.StartAsync();
        return exchange;
    }

    public async Task<HttpResponseMessage> GetAsync(SimulatedExchange exchange, string path, bool microseconds = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(exchange.RestBase, path));
        if (microseconds) request.Headers.Add("X-MBX-TIME-UNIT", "MICROSECOND");
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public async Task<(int Status, JsonElement Json)> AskAsync(SimulatedExchange exchange, string path, bool microseconds = false)
    {
        using var reply = await GetAsync(exchange, path, microseconds);
        return ((int)reply.StatusCode, JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync()).RootElement);
    }

    public void Dispose() => _http.Dispose();
}
