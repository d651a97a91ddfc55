using System.Text.Json;
using System.Text.Json.Nodes;
using Crypto.TestSupport;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Reference;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Tests.Reference;

/// <summary>exchangeInfo gains fields several times a year: only the chosen columns make versions.</summary>
[TestClass]
public sealed class ExchangeInfoAssertionsTests : IAsyncDisposable
{
    private const string ExchangeInfo =
        """
        {"timezone":"UTC","serverTime":1754603741167,"rateLimits":[],"exchangeFilters":[],"symbols":[
          {"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","baseAssetPrecision":8,"quoteAsset":"BTC","quotePrecision":8,
           "orderTypes":["LIMIT","MARKET"],
           "icebergAllowed":true,"allowTrailingStop":true,"isSpotTradingAllowed":true,"isMarginTradingAllowed":true,
           "filters":[{"filterType":"PRICE_FILTER","minPrice":"0.00001000","maxPrice":"922327.00000000","tickSize":"0.00001000"},
                      {"filterType":"LOT_SIZE","minQty":"0.00010000","maxQty":"100000.00000000","stepSize":"0.00010000"},
                      {"filterType":"ICEBERG_PARTS","limit":10}],
           "permissions":[],"permissionSets":[["SPOT","MARGIN"]],"defaultSelfTradePreventionMode":"EXPIRE_MAKER"},
          {"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT","filters":[]}]}
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly SqliteWarehouse _warehouse;

    public ExchangeInfoAssertionsTests() =>
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);

    public async ValueTask DisposeAsync()
    {
        await _warehouse.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    [DataRow("status", "BREAK")]
    [DataRow("baseAsset", "WETH")]
    [DataRow("quoteAsset", "WBTC")]
    [DataRow("filters/0/tickSize", "0.00010000")]
    [DataRow("filters/1/stepSize", "0.00100000")]
    public async Task Sync_ChosenColumnChanged_MakesOneVersion(string path, string value)
    {
        await SyncAsync(JsonNode.Parse(ExchangeInfo)!);

        var outcome = await SyncAsync(Edited(path, value));

        Assert.AreEqual(1, outcome.NewChanges);
        Assert.HasCount(2, await VersionsAsync("ETHBTC"));
        Assert.HasCount(1, await VersionsAsync("BTCUSDT"));
    }

    [TestMethod]
    [DataRow("baseAssetPrecision", 7)]
    [DataRow("icebergAllowed", false)]
    [DataRow("allowTrailingStop", false)]
    [DataRow("filters/0/maxPrice", "1.00000000")]
    [DataRow("filters/1/minQty", "1.00000000")]
    [DataRow("filters/2/limit", 25)]
    [DataRow("defaultSelfTradePreventionMode", "NONE")]
    [DataRow("aFieldThatIsNewThisYear", "x")]
    public async Task Sync_OtherColumnChanged_MakesNone(string path, object value)
    {
        await SyncAsync(JsonNode.Parse(ExchangeInfo)!);

        var outcome = await SyncAsync(Edited(path, value));

        Assert.AreEqual(default, outcome);
        Assert.HasCount(1, await VersionsAsync("ETHBTC"));
    }

    [TestMethod]
    public async Task Sync_SymbolVanishesAndComesBack_IsDeletedAndResurrected()
    {
        await SyncAsync(JsonNode.Parse(ExchangeInfo)!);
        var without = JsonNode.Parse(ExchangeInfo)!;
        without["symbols"]!.AsArray().RemoveAt(0);

        await SyncAsync(without);
        Assert.AreEqual(default, await SyncAsync(without), "it is gone once");
        await SyncAsync(JsonNode.Parse(ExchangeInfo)!);

        var versions = await VersionsAsync("ETHBTC");
        CollectionAssert.AreEqual(new[] { false, true, false }, versions.Select(version => version.IsDeleted).ToArray());
        Assert.AreEqual("0.00001000", versions[2][SymbolAttribute.TickSize]);
        Assert.IsFalse((await VersionsAsync("BTCUSDT")).Single().IsDeleted);
    }

    private static JsonNode Edited(string path, object value)
    {
        var root = JsonNode.Parse(ExchangeInfo)!;
        var node = root["symbols"]![0]!;
        var steps = path.Split('/');
        foreach (var step in steps[..^1])
        {
            var isIndex = int.TryParse(step, System.Globalization.CultureInfo.InvariantCulture, out var index);
            node = isIndex ? node[index]! : node[step]!;
        }

        node[steps[^1]] = JsonSerializer.SerializeToNode(value);
        return root;
    }

    private async Task<ApplyOutcome> SyncAsync(JsonNode exchangeInfo)
    {
        _clock.Advance(TimeSpan.FromHours(1));
        var listed = RestReplies.Symbols(JsonSerializer.SerializeToElement(exchangeInfo)).Symbols;
        return await new ReferenceSync(_warehouse, _clock).SyncAsync(
            ChangeSource.ExchangeInfo, [.. listed.Select(ExchangeInfoAssertions.From)], CancellationToken.None,
            listed.Select(symbol => new NaturalKey(Exchange.Binance, symbol.Ticker)).ToHashSet());
    }

    private async Task<IReadOnlyList<SymbolVersion>> VersionsAsync(string ticker)
    {
        var changes = await _warehouse.ChangesAsync(ChangeSource.ExchangeInfo, CancellationToken.None);
        return SymbolHistory.Of(changes.Where(change => change.Key.Ticker == ticker), AttributeOwnership.Default).Versions;
    }
}
