using System.Reactive.Subjects;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class CheckQualityTests : IDisposable
{
    private readonly TradeIngestMetrics _metrics = new();
    private readonly ContinuityTracker _tracker;
    private readonly Subject<StreamEvent> _source = new();
    private readonly List<string> _tape = [];
    private readonly Symbol _btc = new SymbolTable().Intern("BTCUSDT");

    public CheckQualityTests() => _tracker = new ContinuityTracker(_metrics);

    [TestMethod]
    public void OnNext_InvalidTrade_IsReportedBeforeItsBatchAndStaysInIt()
    {
        _source.TrackContinuity(_tracker).CheckQuality(_tracker, _metrics.Quality).Subscribe(value => _tape.Add(Batches.Text(value)));
        var batch = TradeBatch.Rent(3);
        batch.Add(Batches.Trade(_btc, 1));
        batch.Add(Batches.Trade(_btc, 2, price: "0"));
        batch.Add(Batches.Trade(_btc, 3));
        _source.OnNext(batch);

        CollectionAssert.AreEqual(new[] { "PriceNotPositive 2", "gap 2-2", "[1 2 3]" }, _tape);
        Assert.AreEqual(1, _metrics.Quality.Invalid["price_not_positive"].Value);
        Assert.AreEqual(2, _metrics.Quality.Valid.Value);
        Assert.AreEqual(1, _metrics.Quality.Invalid.Value);
    }

    [TestMethod]
    public void OnNext_FloodOfInvalidTrades_IsCountedInFullAndReportedInPart()
    {
        _source.TrackContinuity(_tracker).CheckQuality(_tracker, _metrics.Quality, issuesPerBatch: 4).Subscribe(
            value => _tape.Add(Batches.Text(value)));
        var batch = TradeBatch.Rent(100);
        for (var id = 0; id < 100; id++) batch.Add(Batches.Trade(_btc, id, price: "-1"));
        _source.OnNext(batch);

        Assert.HasCount(6, _tape);
        Assert.AreEqual("gap 0-99", _tape[4]);
        Assert.AreEqual(100, _metrics.Quality.Invalid["price_not_positive"].Value);
    }

    [TestMethod]
    public void OnNext_InvalidTradeOfTheStream_LetsAnotherCopyPass()
    {
        _source.TrackContinuity(_tracker).CheckQuality(_tracker, _metrics.Quality).Subscribe(value => _tape.Add(Batches.Text(value)));
        Push(Batches.Trade(_btc, 1, price: "0"));
        Push(Batches.Trade(_btc, 1, source: IngestSource.Backfill));
        Push(Batches.Trade(_btc, 1, source: IngestSource.Backfill));

        CollectionAssert.AreEqual(new[] { "PriceNotPositive 1", "gap 1-1", "[1]", "[1]" }, _tape);
    }

    [TestMethod]
    public void OnNext_InvalidTradeOfTheHistory_IsItsLastWord()
    {
        _source.TrackContinuity(_tracker).CheckQuality(_tracker, _metrics.Quality).Subscribe(value => _tape.Add(Batches.Text(value)));
        Push(Batches.Trade(_btc, 1, price: "0", source: IngestSource.Backfill));
        Push(Batches.Trade(_btc, 1, price: "0"));

        CollectionAssert.AreEqual(new[] { "PriceNotPositive 1", "[1]" }, _tape);
    }

    public void Dispose() => _source.Dispose();

    private void Push(Trade trade)
    {
        var batch = TradeBatch.Rent(1);
        batch.Add(trade);
        _source.OnNext(batch);
    }
}
