using System.Reactive.Subjects;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class CheckQualityTests : IDisposable
{
    private readonly QualityCounters _counters = new();
    private readonly Subject<StreamEvent> _source = new();
    private readonly List<string> _tape = [];
    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");

    [TestMethod]
    public void OnNext_InvalidTrade_IsReportedBeforeItsBatchAndStaysInIt()
    {
        _source.CheckQuality(_counters).Subscribe(value => _tape.Add(Batches.Text(value)));
        var batch = TradeBatch.Rent(3);
        batch.Add(Batches.Trade(_btc, 1));
        batch.Add(Batches.Trade(_btc, 2, price: "0"));
        batch.Add(Batches.Trade(_btc, 3));
        _source.OnNext(batch);

        CollectionAssert.AreEqual(new[] { "PriceNotPositive 2", "[1 2 3]" }, _tape);
        Assert.AreEqual(1, _counters[ErrorReason.PriceNotPositive]);
        Assert.AreEqual(2, _counters[ErrorReason.None]);
        Assert.AreEqual(1, _counters.Invalid);
    }

    [TestMethod]
    public void OnNext_FloodOfInvalidTrades_IsCountedInFullAndReportedInPart()
    {
        _source.CheckQuality(_counters, issuesPerBatch: 4).Subscribe(value => _tape.Add(Batches.Text(value)));
        var batch = TradeBatch.Rent(100);
        for (var id = 0; id < 100; id++) batch.Add(Batches.Trade(_btc, id, price: "-1"));
        _source.OnNext(batch);

        Assert.HasCount(5, _tape);
        Assert.AreEqual(100, _counters[ErrorReason.PriceNotPositive]);
    }

    public void Dispose() => _source.Dispose();
}
