using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Simulation.Rest;

[TestClass]
public sealed class ArchiveApiTests : IDisposable
{
    private const string Folder = "/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-";

    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    [TestMethod]
    public async Task Day_OfAGeneratedMarket_HoldsItsTradesAndAgreesWithItsChecksum()
    {
        const int Made = 60_000;

        // A market that began half a day before midnight, and goes on a day later.
        var clock = new SetClock { Now = new(2026, 2, 4, 12, 0, 0, TimeSpan.Zero) };
        var market = MarketDescription.New(1)
            .Continue(["BTCUSDT"], Timestamp.Parse("2026-02-03T12:00:00Z"), 1_000)
            .EndingAt(new Dictionary<string, long> { ["BTCUSDT"] = Made })
            .Continue(["BTCUSDT"], Timestamp.Parse("2026-02-04T12:00:00Z"), 1_000, new Dictionary<string, long> { ["BTCUSDT"] = Made });
        await using var exchange = new SimulatedExchange(
            new() { Symbols = ["BTCUSDT"], Continues = market, Rate = 0.001, TimeProvider = clock, FirstK = Of(Made) });
        await exchange.StartAsync();

        var lines = await LinesAsync(exchange, "2026-02-03");

        var symbol = new SimulatedMarket(market).Symbol("BTCUSDT");
        var wanted = new List<string>();
        for (var k = 0; k < Made; k++)
        {
            symbol.Read(k, out var trade);
            if (trade.TradeTime >= Timestamp.Parse("2026-02-04T00:00:00Z")) break;
            Amount.TryMultiply(trade.Price, trade.Quantity, out var amount);
            wanted.Add(
                $"{trade.TradeId},{trade.Price},{trade.Quantity},{amount},{trade.TradeTime.Microseconds},{trade.BuyerIsMaker},True");
        }

        Assert.IsTrue(wanted.Count is > 100 and < Made, $"{wanted.Count}");
        CollectionAssert.AreEqual(wanted, lines);
        using var today = await _http.GetAsync(new Uri(exchange.RestBase, $"{Folder}2026-02-04.zip"));
        Assert.AreEqual(HttpStatusCode.NotFound, today.StatusCode);
    }

    [TestMethod]
    public async Task Day_OfARecording_IsThereWhenItHasEnded_InMillisecondsBefore2025()
    {
        var symbol = new SymbolTable().Intern("BTCUSDT");
        var times = new[] { "2024-12-31T23:59:59.123Z", "2025-01-01T00:00:00.000456Z" };
        var trades = times.Select((time, i) => new Trade(
            symbol, 10 + i, Price.Parse("2"), Quantity.Parse("3"), Timestamp.Parse(time), Timestamp.Parse(time), default,
            AggressorSide.Sell, IngestSource.Replay));
        await using var exchange = new SimulatedExchange(new() { Tape = RecordedTape.Of(trades), Speed = 1_000_000 });
        await exchange.StartAsync();
        await exchange.Finished;

        CollectionAssert.AreEqual(
            new[] { "10,2.00000000,3.00000000,6.00000000,1735689599123,True,True" }, await LinesAsync(exchange, "2024-12-31"));
        CollectionAssert.AreEqual(
            new[] { "11,2.00000000,3.00000000,6.00000000,1735689600000456,True,True" }, await LinesAsync(exchange, "2025-01-01"));
    }

    [TestMethod]
    [DataRow("BTCUSDT/BTCUSDT-trades-2024-12-30.zip")]
    [DataRow("BTCUSDT/ETHUSDT-trades-2024-12-31.zip")]
    [DataRow("ETHUSDT/ETHUSDT-trades-2024-12-31.zip")]
    [DataRow("BTCUSDT/BTCUSDT-trades-2024-13-31.zip")]
    [DataRow("BTCUSDT/BTCUSDT-trades-2024-12-31.csv")]
    public async Task File_NotThere_IsNotFound(string path)
    {
        var trade = new Trade(
            new SymbolTable().Intern("BTCUSDT"), 1, Price.Parse("2"), Quantity.Parse("3"), Timestamp.Parse("2024-12-31"),
            Timestamp.Parse("2024-12-31"), default, AggressorSide.Sell, IngestSource.Replay);
        await using var exchange = new SimulatedExchange(new() { Tape = RecordedTape.Of([trade]), Speed = 1_000_000 });
        await exchange.StartAsync();
        await exchange.Finished;

        using var reply = await _http.GetAsync(new Uri(exchange.RestBase, $"/data/spot/daily/trades/{path}"));

        Assert.AreEqual(HttpStatusCode.NotFound, reply.StatusCode);
    }

    private static Dictionary<string, long> Of(long firstK) => new(StringComparer.Ordinal) { ["BTCUSDT"] = firstK };

    /// <summary>The lines of a day, after its checksum was compared.</summary>
    private async Task<string[]> LinesAsync(SimulatedExchange exchange, string day)
    {
        var zip = await _http.GetByteArrayAsync(new Uri(exchange.RestBase, $"{Folder}{day}.zip"));
        var checksum = await _http.GetStringAsync(new Uri(exchange.RestBase, $"{Folder}{day}.zip.CHECKSUM"));
        Assert.AreEqual($"{Convert.ToHexStringLower(SHA256.HashData(zip))}  BTCUSDT-trades-{day}.zip\n", checksum);
        using var archive = new ZipArchive(new MemoryStream(zip));
        Assert.AreEqual($"BTCUSDT-trades-{day}.csv", archive.Entries.Single().Name);
        using var text = new StreamReader(archive.Entries[0].Open());
        return (await text.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private sealed class SetClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
