using System.Runtime.InteropServices;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// The warehouse in Snowflake. Raw and fact rows stream through a channel each per partition, whose tokens are offsets of the log. A load
/// returns once its rows are accepted; some loads' rows may be on the way to the tables at once. What was decided about them (coverage,
/// gaps, rejections, positions) follows in checkpoints, each one call of a procedure, made only when all rows before it are in the tables.
/// <para>
/// After a crash the log is read again from the last checkpoint. Deciding is a function of coverage and the log, so it comes out the same,
/// and rows whose offset a channel's token covers are not sent again. All that needs to be known is in Snowflake.
/// </para>
/// </summary>
public sealed partial class SnowflakeWarehouse : IWarehouse
{
    internal const string RawTable = "STOCK_TRADES_RAW";
    internal const string FactTable = "FACT_TRADES";

    private readonly ISnowflakeSql _sql;
    private readonly StreamingClient _streaming;
    private readonly KeyPairTokens _keys;
    private readonly SnowflakeWarehouseOptions _options;
    private readonly TimeProvider _clock;
    private readonly UsdAmount _usd;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ITimer _idle;
    private readonly ITimer _health;
    private readonly CancellationTokenSource _closing = new();
    private readonly SymbolStates _symbols = new();
    private readonly Dictionary<NaturalKey, List<SymbolChange>> _changes = [];
    private readonly Dictionary<SymbolState, SymbolGaps> _gaps = [];
    private readonly Dictionary<LogPartition, PartitionLoad> _partitions = [];
    private readonly List<PendingRejection> _rejections = [];
    private readonly UncommittedLoads _loads;
    private long _revision;
    private long _checkpoints;
    private long _restoredRows;
    private long _lastCheckpoint;
    private Task _settling = Task.CompletedTask;
    private Task _checking = Task.CompletedTask;

    // True until the state was read, and again after a failure.
    private bool _isStale = true;

    // True once the state was read again: readers of the log may then be further than the positions.
    private bool _isRewound;
    private bool _wasRead;

    private SnowflakeWarehouse(
        ISnowflakeSql sql, StreamingClient streaming, KeyPairTokens keys, SnowflakeWarehouseOptions options, TimeProvider clock)
    {
        _sql = sql;
        _streaming = streaming;
        _keys = keys;
        _options = options;
        _clock = clock;
        _usd = new UsdAmount(options.PeggedAssets);
        _loads = new UncommittedLoads(options.UncommittedRecords);
        _lastCheckpoint = clock.GetTimestamp();
        _idle = clock.CreateTimer(_ => _settling = SettleAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _health = clock.CreateTimer(
            _ => _checking = _checking.IsCompleted ? CheckHealthAsync() : _checking, null, options.HealthInterval, options.HealthInterval);
    }

    /// <summary>Rows that the tables refused when they were streamed, and that were added by SQL.</summary>
    public long RestoredRows => Volatile.Read(ref _restoredRows);

    /// <summary>
    /// Reads the state to resume from. The schema must be migrated. The warehouse owns both clients and the keys they sign in with, also
    /// when it cannot be opened.
    /// </summary>
    /// <exception cref="WarehouseException">Snowflake cannot be used as configured; the message says what to do.</exception>
    public static async Task<SnowflakeWarehouse> OpenAsync(
        ISnowflakeSql sql, StreamingClient streaming, KeyPairTokens keys, SnowflakeWarehouseOptions options, TimeProvider clock,
        CancellationToken cancellationToken = default)
    {
        var warehouse = new SnowflakeWarehouse(sql, streaming, keys, options, clock);
        try
        {
            await warehouse.TakingTurnAsync(static () => Task.CompletedTask, cancellationToken);
            return warehouse;
        }
        catch
        {
            await warehouse.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// A commit takes some seconds however many rows it has, and few loads are on the way at once; building that many rows takes some 30
    /// MB.
    /// </summary>
    public int RecordsPerLoad => 32_768;

    public async ValueTask<IReadOnlyDictionary<LogPartition, long>> PositionsAsync(CancellationToken cancellationToken) =>
        await TakingTurnAsync(() => PositionsInTurnAsync(cancellationToken), cancellationToken);

    public async ValueTask CommittedAsync(LogPartition partition, long offset, CancellationToken cancellationToken)
    {
        try
        {
            await _loads.CommittedAsync(partition, offset).WaitAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            throw new WarehouseException(failure.Message, isTransient: failure is not SnowflakeException { IsTransient: false }, failure);
        }
    }

    public async ValueTask<IReadOnlyList<SymbolCoverage>> CoverageAsync(CancellationToken cancellationToken) => await TakingTurnAsync(
        () => Task.FromResult<IReadOnlyList<SymbolCoverage>>([.. _symbols.All
            .OrderBy(state => state.Key.Ticker, StringComparer.Ordinal).ThenBy(state => state.Key.Exchange, StringComparer.Ordinal)
            .Select(state => new SymbolCoverage(
                state.Key, state.SymbolId, state.Captured, [.. GapsOf(state).Open.OrderBy(gap => gap.Ids.From)]))]),
        cancellationToken);

    public async ValueTask<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsAsync(
        ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken) =>
        await TakingTurnAsync(() => ContentsInTurnAsync(trades, cancellationToken), cancellationToken);

    public async ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken)
    {
        var changes = await TakingTurnAsync(() => SnowflakeReads.ChangesAsync(_sql, cancellationToken), cancellationToken);
        return [.. changes.Where(change => change.Source == source)];
    }

    public async ValueTask<long> RevisionAsync(CancellationToken cancellationToken) => await TakingTurnAsync(
        async () => (await SnowflakeReads.RevisionAsync(_sql, cancellationToken)).Dimension, cancellationToken);

    /// <summary>
    /// Ends what is under way and makes no checkpoint: what was decided since the last is decided again, from the log, at the next start.
    /// Whoever drains asks for <see cref="PositionsAsync"/> first, which makes one and tells its failure.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        await _idle.DisposeAsync();
        await _health.DisposeAsync();
        await _closing.CancelAsync();
        await _settling;
        await _checking;
        await _turn.WaitAsync(CancellationToken.None);
        await ForgetAsync();
        await _loads.DisposeAsync();
        await _streaming.DisposeAsync();
        await _sql.DisposeAsync();
        _keys.Dispose();
        _turn.Dispose();
        _closing.Dispose();
    }

    private async Task<IReadOnlyDictionary<LogPartition, long>> PositionsInTurnAsync(CancellationToken cancellationToken)
    {
        // What is told here is what the log may forget, so it has to be durable.
        await CheckpointAsync(cancellationToken);

        // Partitions change hands among sinks; with nothing pending here, what the others wrote can be read.
        if ((await SnowflakeReads.RevisionAsync(_sql, cancellationToken)).Checkpoints != _checkpoints)
        {
            await ForgetAsync();
            await ReadStateAsync(cancellationToken);
        }

        return _partitions.Where(pair => pair.Value.Stored is not null).ToDictionary(pair => pair.Key, pair => pair.Value.Next);
    }

    private async Task<IReadOnlyDictionary<TradeKey, TradeContent>> ContentsInTurnAsync(
        ReadOnlyMemory<Trade> trades, CancellationToken cancellationToken)
    {
        var keys = new Dictionary<long, TradeKey>();
        foreach (var trade in MemoryMarshal.ToEnumerable(trades))
        {
            if (_symbols.Find(trade.Symbol) is { } state) keys[FactId.Of(state.SymbolId, trade.TradeId)] = TradeKey.Of(trade);
        }

        var contents = await SnowflakeReads.ContentsAsync(_sql, keys.Keys, cancellationToken);
        return contents.ToDictionary(fact => keys[fact.Key], fact => fact.Value);
    }

    private async Task CheckHealthAsync()
    {
        // The holder of the turn uses the channels, and sees for itself.
        if (!await _turn.WaitAsync(TimeSpan.Zero, CancellationToken.None)) return;
        try
        {
            await _streaming.CheckHealthAsync(_closing.Token);
        }
        catch (Exception failure) when (failure is SnowflakeException or OperationCanceledException)
        {
            // The next load fails with it.
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task<bool> TakingTurnAsync(Func<Task> work, CancellationToken cancellationToken) => TakingTurnAsync(
        async () =>
        {
            await work();
            return true;
        },
        cancellationToken);

    private async Task<T> TakingTurnAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        using var _ = await _turn.EnterAsync(cancellationToken);
        try
        {
            if (!_isStale) _loads.ThrowIfFailed();
            if (_isStale)
            {
                await ForgetAsync();
                await ReadStateAsync(cancellationToken);
                _isStale = false;
                _isRewound |= _wasRead;
                _wasRead = true;
            }

            return await work();
        }
        catch (SnowflakeException failure)
        {
            _isStale = true;
            throw new WarehouseException(failure.Message, failure.IsTransient, failure);
        }
        catch (WarehouseException)
        {
            // Refused before anything changed.
            throw;
        }
        catch
        {
            _isStale = true;
            throw;
        }
    }

    private async Task ForgetAsync()
    {
        await _loads.StopAsync();
        foreach (var partition in _partitions.Values)
        {
            if (partition.RawChannel is { } raw) await raw.DisposeAsync();
            if (partition.FactChannel is { } fact) await fact.DisposeAsync();
            partition.Dispose();
        }

        _partitions.Clear();
        _symbols.Clear();
        _changes.Clear();
        _gaps.Clear();
        _rejections.Clear();
    }

    private async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            var revision = await SnowflakeReads.RevisionAsync(_sql, cancellationToken);
            var positions = await SnowflakeReads.PositionsAsync(_sql, cancellationToken);
            var symbols = await SnowflakeReads.SymbolsAsync(_sql, cancellationToken);
            var changes = await SnowflakeReads.ChangesAsync(_sql, cancellationToken);
            var coverage = await SnowflakeReads.CoverageAsync(_sql, cancellationToken);
            var gaps = await SnowflakeReads.OpenGapsAsync(_sql, cancellationToken);

            // Each statement sees another moment; they fit together only if nothing was written in between.
            if (await SnowflakeReads.RevisionAsync(_sql, cancellationToken) != revision)
            {
                if (attempt < 20) continue;
                throw new SnowflakeException(
                    SnowflakeFault.Fenced, "The warehouse is written so often by others that its state cannot be read.");
            }

            (_revision, _checkpoints) = revision;
            foreach (var position in positions)
            {
                _partitions.Add(position.Partition, new PartitionLoad(position.Partition, position, position.Next));
                _loads.StartAt(position.Partition, position.Next);
            }

            Know(symbols, changes);
            var byId = _symbols.All.ToDictionary(state => state.SymbolId);
            foreach (var (id, range) in coverage) byId[id].Captured.Restore(range);
            foreach (var (id, gap) in gaps) GapsOf(byId[id]).Restore(gap);
            foreach (var state in _symbols.All) GapsOf(state).Settle(state.Captured);
            return;
        }
    }

    private void Know(IReadOnlyList<(int Id, NaturalKey Key)> symbols, IReadOnlyList<SymbolChange> changes)
    {
        _changes.Clear();
        foreach (var history in changes.GroupBy(change => change.Key)) _changes.Add(history.Key, [.. history]);
        foreach (var (id, key) in symbols)
        {
            if (!_symbols.TryGet(key, out var state)) _symbols.Add(state = new SymbolState(id, key));
            state.Use(SymbolHistory.Of(_changes[key], _options.Ownership).Versions, _usd);
        }
    }

    private SymbolGaps GapsOf(SymbolState state)
    {
        if (!_gaps.TryGetValue(state, out var gaps)) _gaps.Add(state, gaps = new SymbolGaps());
        return gaps;
    }

    private Timestamp Now() => Timestamp.Now(_clock);

    private sealed record PendingRejection(LogPartition Partition, PlannedRejection Rejection, byte[] Payload);
}
