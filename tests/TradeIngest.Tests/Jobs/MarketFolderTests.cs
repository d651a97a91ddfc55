using Crypto.TestSupport;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Tests.Simulation;

namespace Crypto.TradeIngest.Tests.Jobs;

/// <summary>No two trades of a market that a folder keeps have one id, however its runs ended.</summary>
[TestClass]
public sealed class MarketFolderTests : IDisposable
{
    private static readonly string[] Tickers = ["BTCUSDT", "ETHUSDT"];

    private readonly TemporaryFolder _folder = new();

    private DataFolder Folder => new(_folder.FullName);

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow(null)]
    [DataRow(20_000.0)]
    public async Task Continue_CutShortWithNothingStored_GoesOnBehindWhatWasStreamed(double? rate)
    {
        var kept = new List<MarketDescription>();
        long[] streamed;
        await using (var exchange = new SimulatedExchange(Options(rate) with { Keep = kept.Add }))
        {
            await exchange.StartAsync();
            using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/stream?streams=btcusdt@trade/ethusdt@trade");
            for (var i = 0; i < 2000; i++) await client.ReceiveAsync();
            await exchange.HaltAsync();
            streamed = [.. Tickers.Select(exchange.Produced)];
        }

        // A kill leaves what was kept while trades went out, and not what the end writes.
        MarketFolder.Save(Folder, kept[^2]);
        var next = MarketFolder.Continue(Folder, Options(rate));

        for (var i = 0; i < Tickers.Length; i++) Assert.IsGreaterThanOrEqualTo(streamed[i], next.FirstK![Tickers[i]]);
        Assert.IsLessThan(40_000, next.FirstK!.Values.Sum() - streamed.Sum(), "no more than a moment's trades are given up");
    }

    [TestMethod]
    public async Task Continue_AfterAnOrderlyEnd_GoesOnWithTheNextTrade()
    {
        var produced = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var run = 0; run < 3; run++)
        {
            await using var exchange = new SimulatedExchange(
                MarketFolder.Continue(
                    Folder, Options(null)) with
                { TotalTrades = 1000, Keep = market => MarketFolder.Save(Folder, market) });
            await exchange.StartAsync();
            foreach (var ticker in Tickers)
            {
                Assert.AreEqual(produced.GetValueOrDefault(ticker), exchange.Description!.Sessions[^1].FirstK[ticker]);
            }

            using var client = await StreamClient.ConnectAsync(exchange.WsBase, "/ws/btcusdt@trade");
            await exchange.Finished;
            await exchange.HaltAsync();
            foreach (var ticker in Tickers) produced[ticker] = exchange.Produced(ticker);
        }
    }

    [TestMethod]
    public async Task Keep_Fails_EndsTheMarketWithIt()
    {
        var calls = 0;
        await using var exchange = new SimulatedExchange(Options(1000) with
        {
            Keep = _ =>
            {
                if (++calls > 1) throw new IOException("no space");
            },
        });
        await exchange.StartAsync();

        await Assert.ThrowsExactlyAsync<IOException>(
            () => exchange.Finished.WaitAsync(Patience.Limit, TimeProvider.System, CancellationToken.None));
        Assert.AreEqual(0, exchange.TotalProduced);
    }

    private static SimulatedExchangeOptions Options(double? rate) => new() { Symbols = Tickers, Rate = rate };
}
