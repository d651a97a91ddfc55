using System.Globalization;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>
/// Twelve partitions of a log through everything that goes wrong, and each record lands once. <c>CRYPTO_SNOWFLAKE_TRADES=1000000</c> makes
/// it as long as wanted.
/// </summary>
[TestClass]
public sealed class FaultyDayTests
{
    private const int Partitions = 12;
    private const int Kills = 10;
    private const int TimesEach = 20;

    private static readonly Fault[] Ordered =
    [
        Fault.LostBefore, Fault.LostAfter, Fault.UnavailableBefore, Fault.ErrorAfter, Fault.TooManyRequests, Fault.ExpiredToken,
        Fault.DelayedCommit, Fault.StuckCommit,
        Fault.StaleSequencer, Fault.ChannelInvalidated, Fault.ChannelVanished, Fault.FailedOver, Fault.RowError, Fault.RowLost,
        Fault.StatementRunsOn, Fault.StatementFailed,
    ];

    private readonly SymbolTable _symbols = new();

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    [TestMethod]
    [Timeout(600_000, CooperativeCancellation = true)]
    public async Task LoadAsync_EveryFaultKillsAndAFight_EachRecordOnceFieldByField()
    {
        var wanted = int.Parse(Environment.GetEnvironmentVariable("CRYPTO_SNOWFLAKE_TRADES") ?? "24000", CultureInfo.InvariantCulture);
        var logs = Enumerable.Range(0, Partitions).Select(
            partition => new LogOfOneSymbol(_symbols, partition, wanted / Partitions)).ToArray();
        await using var account = await TestAccount.StartAsync(
            new EmulatorOptions
            {
                CommitDelay = TimeSpan.FromMilliseconds(1),
                LongCommitDelay = TimeSpan.FromMilliseconds(400),
                JsonTokens = true,
            });
        await account.MigrateAsync(Stop);
        foreach (var fault in Ordered) account.Server.Faults.Share(fault, fault == Fault.StatementFailed ? 0.01 : 0.03);

        // Sinks are killed in the middle of a batch whose rows are in flight; none of them tidies up. The next one starts with that
        // partition.
        var kills = 0;
        for (var partition = 0;
            kills < Kills || account.Server.Faults.Count(Fault.Uncommitted) < TimesEach;
            kills++, partition = (partition + 5) % Partitions)
        {
            Assert.IsLessThan(200, kills, "Rows in flight are met too seldom.");
            var sink = new Sink(account, logs, kills) { StartsWith = partition };
            await sink.RunAsync(logs.Sum(log => log.Records) / 150, Stop);
            await sink.LoadAndDieAsync((partition + 5) % Partitions);
        }

        // Two sinks over the same partitions at the same time.
        var left = new Sink(account, logs, 1);
        var right = new Sink(account, logs, 2);
        await Task.WhenAll(left.RunAsync(logs.Sum(log => log.Records) / 8, Stop), right.RunAsync(logs.Sum(log => log.Records) / 8, Stop));
        await left.KillAsync();
        await right.KillAsync();

        var last = new Sink(account, logs, 3);
        await last.RunAsync(long.MaxValue, Stop);
        while (Ordered.Append(Fault.UsedToken).Where(fault => account.Server.Faults.Count(fault) < TimesEach).ToList()
            is { Count: > 0 } rare)
        {
            // What chance did not bring often enough is ordered, while more is traded. A token comes twice after a lost reply.
            foreach (var fault in rare) account.Server.Faults.Next(fault == Fault.UsedToken ? Fault.LostAfter : fault, 3);
            foreach (var log in logs) log.Extend(40);
            await last.RunAsync(long.MaxValue, Stop);
        }

        account.Server.Faults.Calm();
        await last.RunAsync(long.MaxValue, Stop);
        await last.DisposeAsync();

        foreach (var fault in Enum.GetValues<Fault>()) TestContext.WriteLine($"{fault}: {account.Server.Faults.Count(fault)}");
        TestContext.WriteLine($"{kills} kills in the middle of a batch, {logs.Sum(log => log.Expected.Count)} facts");
        TestContext.WriteLine($"rows restored by the sinks that were not killed: {left.Restored + right.Restored + last.Restored}");
        TestContext.WriteLine($"restarts after a failure: {left.Failures + right.Failures + last.Failures}");
        Assert.IsEmpty(account.Server.Untranslated);
        Assert.IsGreaterThanOrEqualTo(TimesEach, account.Server.Faults.Count(Fault.UsedToken));
        Assert.IsGreaterThanOrEqualTo(TimesEach, account.Server.Faults.Count(Fault.Fenced));
        Assert.IsGreaterThanOrEqualTo(TimesEach, account.Server.Faults.Count(Fault.Uncommitted));
        AssertAllLanded(account, logs);
        await using var reader = account.NewSql();
        foreach (var audit in await new SnowflakeAudits(reader, new SnowflakeWarehouseOptions()).RunAsync(Stop))
        {
            Assert.IsEmpty(audit.Failing, audit.Name);
        }
    }

    private static void AssertAllLanded(TestAccount account, LogOfOneSymbol[] logs)
    {
        var contents = SnowflakeContents.Read(account.Server.Database);
        CollectionAssert.AreEqual(
            logs.SelectMany(log => log.Expected).OrderBy(
                trade => trade.Symbol.Ticker, StringComparer.Ordinal).ThenBy(trade => trade.TradeId)
                .Select(trade => (
                    trade.Symbol.Ticker, trade.TradeId, trade.TradeTime, trade.Price, trade.Quantity, trade.Aggressor, trade.Source))
                .ToArray(),
            contents.Facts.OrderBy(fact => fact.Ticker, StringComparer.Ordinal).ThenBy(fact => fact.TradeId)
                .Select(fact => (fact.Ticker, fact.TradeId, fact.TradeTime, fact.Price, fact.Quantity, fact.Aggressor, fact.Source))
                .ToArray());
        var keys = contents.Versions.ToDictionary(version => version.Key.Ticker, version => version.SymbolKey);
        Assert.IsTrue(contents.Facts.All(fact => fact.SymbolKey == keys[fact.Ticker]));
        foreach (var log in logs)
        {
            CollectionAssert.AreEqual(
                log.Offsets.ToArray(), contents.Raw.Where(
                    row =>
                        row.Partition == log.Partition).Select(row => row.Offset).ToArray(), "Every record is in STOCK_TRADES_RAW once.");
            var position = contents.Positions.Single(row => row.Partition.Partition == log.Partition);
            Assert.AreEqual((log.Records, log.Rejections), (position.Records, position.Rejected));
            Assert.AreEqual(position.Records, position.Stored + position.Duplicates + position.Rejected);
            Assert.AreEqual(log.End, position.Next);
        }

        Assert.HasCount((int)logs.Sum(log => log.Rejections), contents.Rejected);
        Assert.HasCount(Partitions, contents.Coverage.GroupBy(row => row.Ticker));
        Assert.IsEmpty(contents.OpenGaps);
    }

    /// <summary>A process that loads, fails and starts again.</summary>
    private sealed class Sink(TestAccount account, LogOfOneSymbol[] logs, int seed) : IAsyncDisposable
    {
        private readonly Random _random = new(seed);
        private SnowflakeWarehouse? _warehouse;
        private Connections? _parts;

        public int Failures { get; private set; }

        /// <summary>Rows that were refused, and added by SQL.</summary>
        public long Restored { get; private set; }

        /// <summary>The partition it reads first.</summary>
        public int StartsWith { get; init; } = -1;

        /// <summary>Loads about so many records of all partitions, in however many lives, or all there are.</summary>
        public async Task RunAsync(long records, CancellationToken stop)
        {
            long done = 0;
            while (true)
            {
                try
                {
                    await OpenAsync(stop);
                    var stored = await _warehouse!.PositionsAsync(stop);
                    var positions = logs.Select(log => stored.GetValueOrDefault(log.LogPartition, 0)).ToArray();
                    while (done < records)
                    {
                        var open = Enumerable.Range(0, logs.Length).Where(i => positions[i] < logs[i].End).ToArray();
                        if (open.Length == 0)
                        {
                            await _warehouse.PositionsAsync(stop);
                            return;
                        }

                        var i = done == 0 && open.Contains(StartsWith) ? StartsWith : open[_random.Next(open.Length)];
                        var batch = logs[i].From(positions[i], _random.Next(20, 500));
                        await _warehouse.LoadAsync(batch, stop);
                        positions[i] = batch.NextOffset;
                        done += batch.Records.Length;
                    }

                    return;
                }
                catch (WarehouseException) when (Failures < 2000)
                {
                    Failures++;
                    await KillAsync();
                }
            }
        }

        /// <summary>Is killed while it loads a batch.</summary>
        public async Task LoadAndDieAsync(int partition)
        {
            using var death = new CancellationTokenSource();
            try
            {
                await OpenAsync(death.Token);
                var position = (await _warehouse!.PositionsAsync(death.Token)).GetValueOrDefault(logs[partition].LogPartition, 0);
                logs[partition].Extend(50);
                account.Server.Faults.Next(Fault.DelayedCommit, 2);
                var append = account.Server.Channels.NextAppend;
                var loading = _warehouse.LoadAsync(logs[partition].From(position, 300), death.Token).AsTask();

                // Once an append was taken, its rows are in flight for a while.
                await Task.WhenAny(append, loading);
                await death.CancelAsync();
                await loading;
            }
            catch (Exception failure) when (failure is OperationCanceledException or WarehouseException)
            {
                // Dead either way.
            }

            await KillAsync();
        }

        /// <summary>The process is gone: nothing is flushed, nothing is checkpointed.</summary>
        public async Task KillAsync()
        {
            Restored += _warehouse?.RestoredRows ?? 0;
            if (_parts is not null) await _parts.DisposeAsync();
            (_warehouse, _parts) = (null, null);
        }

        public async ValueTask DisposeAsync()
        {
            Restored += _warehouse!.RestoredRows;
            await _warehouse.DisposeAsync();
            (_warehouse, _parts) = (null, null);
        }

        private async Task OpenAsync(CancellationToken stop)
        {
            if (_warehouse is not null) return;
            _parts = new Connections(account);
            _warehouse = await SnowflakeWarehouse.OpenAsync(
                _parts.Sql, _parts.Streaming, account.NewKeys(),
                new SnowflakeWarehouseOptions { CheckpointInterval = TimeSpan.FromMilliseconds(100) },
                account.Clock, stop);
        }
    }

    private sealed class Connections(TestAccount account) : IAsyncDisposable
    {
        public Warehouse.Snowflake.Sql.SqlApiClient Sql { get; } = account.NewSql();

        public Warehouse.Snowflake.Streaming.StreamingClient Streaming { get; } = account.NewClient(
            account.Streaming with { CommitTimeout = TimeSpan.FromMilliseconds(80), UncommittedTimeout = TimeSpan.FromMilliseconds(600) });

        public async ValueTask DisposeAsync()
        {
            await Streaming.DisposeAsync();
            await Sql.DisposeAsync();
        }
    }

    /// <summary>
    /// One partition with one symbol: trades in order, some twice, some unbelievable, some records that are none, offsets that skip.
    /// </summary>
    private sealed class LogOfOneSymbol
    {
        private readonly Symbol _symbol;
        private readonly List<RawRecord> _records = [];
        private readonly List<Trade?> _trades = [];
        private long _nextOffset;
        private long _nextId = 1;

        public LogOfOneSymbol(SymbolTable symbols, int partition, int trades)
        {
            Partition = partition;
            _symbol = symbols.Intern(string.Create(CultureInfo.InvariantCulture, $"COIN{partition}USDT"));
            Extend(trades);
        }

        public int Partition { get; }

        public LogPartition LogPartition => new("epoch", "stock_trades", Partition);

        public long Records => _records.Count;

        public long End => _nextOffset;

        public long Rejections { get; private set; }

        public List<Trade> Expected { get; } = [];

        public IEnumerable<long> Offsets => _records.Select(record => record.Offset);

        public void Extend(int trades)
        {
            for (var i = 0; i < trades; i++)
            {
                var id = _nextId++;
                var trade = Of(id);
                if (id % 211 == 0)
                {
                    trade = trade with { Price = default, Source = IngestSource.Backfill };
                    Rejections++;
                }
                else
                {
                    Expected.Add(trade);
                }

                Add(trade);
                if (id % 50 == 0) Add(Of(id - 7));
                if (id % 307 == 0)
                {
                    Add(null);
                    Rejections++;
                }

                if (id % 70 == 0) _nextOffset += 2;
            }
        }

        public WarehouseBatch From(long offset, int count)
        {
            var first = _records.FindIndex(record => record.Offset >= offset);
            var taken = Math.Min(count, _records.Count - first);
            var trades = new List<Trade>();
            var indexes = new List<int>();
            var rejected = new List<RejectedRecord>();
            for (var i = 0; i < taken; i++)
            {
                var record = _records[first + i];
                if (_trades[first + i] is { } trade)
                {
                    trades.Add(trade);
                    indexes.Add(i);
                }
                else
                {
                    rejected.Add(
                        new RejectedRecord(
                            record.Offset, TradeModel.Quality.ErrorReason.MalformedJson, "no trade", record.AppendedTime, record.Value));
                }
            }

            return new WarehouseBatch
            {
                Partition = LogPartition,
                FromOffset = offset,
                NextOffset = first + taken == _records.Count ? _nextOffset : _records[first + taken - 1].Offset + 1,
                Records = _records.GetRange(first, taken).ToArray(),
                Trades = trades.ToArray(),
                TradeRecords = indexes.ToArray(),
                Rejected = rejected,
            };
        }

        private Trade Of(long id) =>
            TestTrades.Of(_symbol, id) with { Price = new Price(((id * 7919) % 1_000_003) + 1), Source = (IngestSource)((id % 3) + 1) };

        private void Add(Trade? trade)
        {
            var value = new byte[TradeJson.MaxLength];
            var length = trade is { } known ? TradeJson.Write(known, value) : System.Text.Encoding.UTF8.GetBytes("no json", value);
            _records.Add(new RawRecord(_nextOffset, new Timestamp(TestTrades.Start.Microseconds + _nextOffset), value.AsMemory(0, length)));
            _trades.Add(trade);
            _nextOffset++;
        }
    }
}
