using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Tests.Reference;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Sink;

[TestClass]
public sealed class SymbolGateTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ManualTimeProvider _clock = new();
    private readonly EmbeddedTradeLog _log;
    private readonly SqliteWarehouse _warehouse;
    private readonly AwayChangeLog _statements;
    private readonly SymbolGate _gate;
    private int _sequence;

    public SymbolGateTests()
    {
        _log = EmbeddedTradeLog.Open(_folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions(), _clock);
        _warehouse = SqliteWarehouse.Open(_folder[SqliteWarehouse.FileName], new SqliteWarehouseOptions(), _clock);
        _statements = new AwayChangeLog(_warehouse) { IsAway = false };
        _gate = new SymbolGate(_log, _statements, new TradeIngestMetrics(), _clock, NullLogger<SymbolGate>.Instance);
    }

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _gate.DisposeAsync();
        await _warehouse.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    [TestMethod]
    public async Task CatchUpAsync_WarehouseAwayMeanwhile_AppliesWhatWasReadThen()
    {
        await PublishAsync("BTCUSDT");
        _statements.IsAway = true;
        await Assert.ThrowsExactlyAsync<StorageException>(() => _gate.CatchUpAsync(Stop));
        _statements.IsAway = false;
        await PublishAsync("ETHUSDT");

        await _gate.CatchUpAsync(Stop);

        var applied = await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop);
        CollectionAssert.AreEqual(new[] { "BTCUSDT", "ETHUSDT" }, applied.Select(change => change.Key.Ticker).ToArray());
    }

    [TestMethod]
    public async Task CatchUpAsync_ManyStatements_AreAppliedTogether()
    {
        // Each application folds the whole history of the symbols in it.
        for (var batch = 0; batch < 20; batch++) await PublishAsync([.. Enumerable.Repeat("BTCUSDT", 1000)]);

        await _gate.CatchUpAsync(Stop);

        Assert.AreEqual(1, _statements.Applied);
        Assert.HasCount(20_000, await _warehouse.ChangesAsync(ChangeSource.ReferenceFile, Stop));
    }

    private async Task PublishAsync(params string[] tickers)
    {
        using var records = new RecordBatch();
        foreach (var ticker in tickers)
        {
            var time = Timestamp.Epoch + TimeSpan.FromDays(10_000) + TimeSpan.FromSeconds(++_sequence);
            var change = new SymbolChange(
                ChangeSource.ReferenceFile, _sequence, new NaturalKey(Exchange.Binance, ticker), ChangeOperation.Upsert, time, time,
                ImmutableSortedDictionary<SymbolAttribute, string?>.Empty.Add(SymbolAttribute.Sector, $"{_sequence}"));
            records.Add(SymbolChangeJson.Key(change), SymbolChangeJson.Write(change));
        }

        await _log.AppendAsync(Topics.SymbolChanges, records, Stop);
    }
}
