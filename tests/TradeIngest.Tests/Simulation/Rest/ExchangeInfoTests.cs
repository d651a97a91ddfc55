using System.Text.Json;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class ExchangeInfoTests : IDisposable
{
    private const string Path = "/api/v3/exchangeInfo";

    private readonly RestClient _rest = new();

    public void Dispose() => _rest.Dispose();

    [TestMethod]
    [DataRow("", "BTCUSDT,ETHBTC,币安人生USDT")]
    [DataRow("?symbolStatus=TRADING", "BTCUSDT,币安人生USDT")]
    [DataRow("?symbolStatus=BREAK", "ETHBTC")]
    [DataRow("?symbolStatus=HALT", "")]
    [DataRow("?permissions=SPOT", "BTCUSDT,ETHBTC,币安人生USDT")]
    [DataRow("?permissions=%5B%22MARGIN%22,%22SPOT%22%5D&symbolStatus=BREAK", "ETHBTC")]
    [DataRow("?permissions=%5B%22MARGIN%22,%22LEVERAGED%22%5D", "")]
    public async Task ExchangeInfo_Filtered_HasThoseSymbols(string query, string tickers)
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        exchange.SetStatus("ETHBTC", "BREAK");
        var (status, json) = await _rest.AskAsync(exchange, Path + query);
        Assert.AreEqual((200, tickers), (status, string.Join(',', json.GetProperty("symbols").EnumerateArray().Select(Ticker))));
    }

    [TestMethod]
    [DataRow("", "[[\"SPOT\"]]")]
    [DataRow("?showPermissionSets=true", "[[\"SPOT\"]]")]
    [DataRow("?showPermissionSets=false", "[]")]
    public async Task ExchangeInfo_PermissionSets_AreShownUnlessNotWanted(string query, string sets)
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        var (_, json) = await _rest.AskAsync(exchange, Path + query);
        Assert.AreEqual(sets, json.GetProperty("symbols")[0].GetProperty("permissionSets").GetRawText());
    }

    [TestMethod]
    [DataRow("?symbolStatus=SLEEPING", -1122)]
    [DataRow("?symbolStatus=", -1122)]
    [DataRow("?symbol=BTCUSDT&symbolStatus=TRADING", -1128)]
    [DataRow("?symbols=%5B%22BTCUSDT%22%5D&permissions=SPOT", -1128)]
    [DataRow("?symbols=%5B%22BTCUSDT%22,%22BTCUSDT%22%5D", -1151)]
    [DataRow("?symbols=%5Bnull%5D", -1100)]
    [DataRow("?permissions=EVERYTHING", -1130)]
    [DataRow("?permissions=%5Bnull%5D", -1130)]
    [DataRow("?permissions=%5B", -1130)]
    [DataRow("?permissions=", -1105)]
    [DataRow("?showPermissionSets=maybe", -1100)]
    public async Task ExchangeInfo_Wrong_AnswersTheDocumentedError(string query, int code)
    {
        await using var exchange = await RestClient.StartAsync(new() { Rate = 0.001 });
        var (status, json) = await _rest.AskAsync(exchange, Path + query);
        Assert.AreEqual((400, code), (status, json.GetProperty("code").GetInt32()));
    }

    private static string? Ticker(JsonElement symbol) => symbol.GetProperty("symbol").GetString();
}
