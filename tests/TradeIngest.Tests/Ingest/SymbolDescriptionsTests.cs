using System.Collections.Immutable;
using Crypto.TestSupport;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Ingest;

[TestClass]
public sealed class SymbolDescriptionsTests
{
    private readonly ManualTimeProvider _clock = new();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task WaitForAsync_NothingNew_LooksAgainAndReadsNothing()
    {
        await using var log = new CountingLog();
        log.Describe("BTCUSDT");
        var waiting = new SymbolDescriptions(log, _clock, NullLogger<SymbolDescriptions>.Instance)
            .WaitForAsync(["BTCUSDT", "ETHUSDT"], TestContext.CancellationToken);
        for (var i = 0; i < 10; i++) await _clock.AdvanceToNextTimerAsync(TimeSpan.FromMilliseconds(100));
        Assert.IsGreaterThan(9, log.Looks);
        Assert.AreEqual(1, log.Reads);

        log.Describe("ETHUSDT");
        await _clock.AdvanceToNextTimerAsync(TimeSpan.FromMilliseconds(100));
        await waiting;
        Assert.AreEqual(2, log.Reads);
    }

    /// <summary>In memory; counts what it is asked.</summary>
    private sealed class CountingLog : ISymbolChangeLog
    {
        private readonly List<SymbolChange> _changes = [];

        public int Looks { get; private set; }

        public int Reads { get; private set; }

        public void Describe(string ticker) => _changes.Add(new SymbolChange(
            ChangeSource.ExchangeInfo, _changes.Count, new NaturalKey(Exchange.Binance, ticker), ChangeOperation.Upsert, default, default,
            ImmutableSortedDictionary<SymbolAttribute, string?>.Empty));

        public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken)
        {
            Reads++;
            return new([.. _changes]);
        }

        public ValueTask<long> RevisionAsync(CancellationToken cancellationToken)
        {
            Looks++;
            return new(_changes.Count);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
