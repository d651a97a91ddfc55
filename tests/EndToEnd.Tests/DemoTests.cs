using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

[TestClass]
public sealed class DemoTests
{
    [TestMethod]
    public async Task Demo_200000TradesAtFullSpeed_EqualsTheOracleFieldByField()
    {
        using var folder = new TemporaryFolder();

        var demo = (await TradeIngestProcess.RunAsync(
            folder.FullName, "demo", "--trades", "200000", "--rate", "max", "--data", folder["data"], "--json")).ShouldExitWith(0).Json;

        Assert.IsTrue(demo.GetProperty("passed").GetBoolean());
        Assert.AreEqual(200_000, demo.GetProperty("warehouse").GetProperty("facts").GetInt64());
        var checks = demo.GetProperty("checks").EnumerateArray().ToDictionary(check => check.GetProperty("name").GetString()!);
        Assert.AreEqual(200_000, checks["oracle_equal"].GetProperty("examined").GetInt64());
        Assert.AreEqual(0, checks["oracle_equal"].GetProperty("failing_count").GetInt64());
        Assert.AreEqual(200_000, checks["oracle_missing"].GetProperty("examined").GetInt64());
        Assert.AreEqual(0, checks["oracle_missing"].GetProperty("failing_count").GetInt64());
        await AssertRiskIsAsOfTradeTimeAsync(folder);
    }

    [TestMethod]
    public async Task Demo_AgainInTheSameFolder_ContinuesTheMarket()
    {
        using var folder = new TemporaryFolder();
        string[] arguments = ["demo", "--for", "2s", "--rate", "1000", "--data", folder["data"], "--json"];
        var first = (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json;

        var second = (await TradeIngestProcess.RunAsync(folder.FullName, arguments)).ShouldExitWith(0).Json;

        Assert.IsGreaterThan(Facts(first), Facts(second));
        Assert.IsTrue(second.GetProperty("passed").GetBoolean());
        var otherSeed = await TradeIngestProcess.RunAsync(folder.FullName, "demo", "--seed", "9", "--data", folder["data"]);
        StringAssert.Contains(otherSeed.ShouldExitWith(2).Errors, "seed");

        static long Facts(JsonElement demo) => demo.GetProperty("warehouse").GetProperty("facts").GetInt64();
    }

    [TestMethod]
    public async Task Demo_WithTheBundledSqlite_IsReadableByTheOther()
    {
        using var folder = new TemporaryFolder();
        var bundled = new Dictionary<string, string> { ["CRYPTO_SQLITE"] = "bundled" };
        await using var process = TradeIngestProcess.Start(
            folder.FullName, bundled, "demo", "--trades", "5000", "--rate", "max", "--data", folder["data"], "--json");

        Assert.IsTrue((await process.WaitAsync()).ShouldExitWith(0).Json.GetProperty("passed").GetBoolean());

        (await TradeIngestProcess.RunAsync(folder.FullName, "verify", "--data", folder["data"])).ShouldExitWith(0);
        var bronze = await QueryAsync(folder, "SELECT count(*) AS n, count(DISTINCT symbol) AS symbols FROM BRONZE_TRADES");
        Assert.AreEqual(5000, bronze.Single().GetProperty("n").GetInt64());
    }

    private static async Task AssertRiskIsAsOfTradeTimeAsync(TemporaryFolder folder)
    {
        var versions = await QueryAsync(
            folder,
            """
            SELECT d.symbol_key, d.risk_level, d.valid_from, d.valid_to, min(c.trade_time) AS first_trade, max(c.trade_time) AS last_trade,
                   count(*) AS trades, count(DISTINCT c.risk_level) AS levels, min(c.risk_level) AS shown
            FROM DIM_SYMBOL AS d JOIN CONSUMPTION_TRADES AS c USING (symbol_key)
            WHERE d.ticker = 'BTCUSDT' GROUP BY d.symbol_key ORDER BY d.valid_from
            """);
        Assert.HasCount(2, versions, "the changed symbol has two versions, both with trades");
        Assert.AreNotEqual(versions[0].GetProperty("symbol_key").GetInt64(), versions[1].GetProperty("symbol_key").GetInt64());
        Assert.AreNotEqual(versions[0].GetProperty("risk_level").GetString(), versions[1].GetProperty("risk_level").GetString());
        Assert.AreEqual(versions[0].GetProperty("valid_to").GetString(), versions[1].GetProperty("valid_from").GetString());
        foreach (var version in versions)
        {
            Assert.AreEqual(1, version.GetProperty("levels").GetInt64());
            Assert.AreEqual(version.GetProperty("risk_level").GetString(), version.GetProperty("shown").GetString());
            Assert.IsLessThanOrEqualTo(0, string.CompareOrdinal(Text(version, "valid_from"), Text(version, "first_trade")));
            Assert.IsLessThan(0, string.CompareOrdinal(Text(version, "last_trade"), Text(version, "valid_to")));
        }
    }

    private static string? Text(JsonElement row, string column) => row.GetProperty(column).GetString();

    private static async Task<List<JsonElement>> QueryAsync(TemporaryFolder folder, string sql)
    {
        var result = await TradeIngestProcess.RunAsync(folder.FullName, "query", sql, "--data", folder["data"], "--json");
        return [.. result.ShouldExitWith(0).Json.EnumerateArray()];
    }
}
