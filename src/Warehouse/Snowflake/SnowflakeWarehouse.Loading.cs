using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Streaming;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Snowflake;

public sealed partial class SnowflakeWarehouse
{
    // They are kept until the checkpoint and are one argument of a call there, which Snowflake bounds at 16 MiB: with those of one load
    // more they fit.
    private const long MaxRejectionBytes = 2 << 20;
    private const long BytesPerRejection = 400;

    private readonly Dictionary<SymbolState, IdRangeSet> _before = [];

    public async ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return await TakingTurnAsync(() => LoadInTurnAsync(batch, cancellationToken), cancellationToken);
    }

    private bool IsCheckpointDue =>
        _clock.GetElapsedTime(_lastCheckpoint) >= _options.CheckpointInterval
        || _rejections.Sum(rejection => BytesPerRejection + rejection.Record.Detail.Length + (rejection.Payload.Length * 4L / 3)) >= MaxRejectionBytes;

    private async Task<LoadOutcome> LoadInTurnAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_partitions.TryGetValue(batch.Partition, out var partition))
        {
            if (partition.Next >= batch.NextOffset) return default;
            if (partition.Next != batch.FromOffset)
            {
                throw new WarehouseException(
                    $"Records from offset {batch.FromOffset} of {batch.Partition} do not join on to the stored position {partition.Next}: "
                    + "two sinks write this warehouse, or records were lost from the log.",
                    isTransient: _isRewound && batch.FromOffset > partition.Next);
            }
        }

        await _loads.RoomForAsync(batch.Records.Length, cancellationToken);
        await RegisterAsync(batch, cancellationToken);
        var known = await KnownRejectionsAsync(batch, cancellationToken);
        if (partition is null) _partitions.Add(batch.Partition, partition = new PartitionLoad(batch.Partition, null, batch.FromOffset));

        partition.Raw.Clear();
        partition.Facts.Clear();
        _before.Clear();
        if (batch.KeepRaw) AddRaw(partition, batch);
        var outcome = new LoadOutcome(0, 0, 0);
        foreach (var rejected in batch.Rejected) outcome += Reject(partition, rejected, known);
        outcome += AddFacts(partition, batch);
        var now = Now();
        foreach (var (state, before) in _before) GapsOf(state).Apply(GapLedger.Changes(before, state.Coverage), now);

        // Both are open before either appends: what refuses one channel stops the other too.
        if (partition.Raw.Count > 0) partition.RawChannel ??= await OpenAsync(partition, RawTable, partition.Stored?.Raw, cancellationToken);
        if (partition.Facts.Count > 0) partition.FactChannel ??= await OpenAsync(partition, FactTable, partition.Stored?.Fact, cancellationToken);
        await Task.WhenAll(StreamAsync(partition.RawChannel, partition.Raw, cancellationToken), StreamAsync(partition.FactChannel, partition.Facts, cancellationToken));
        _loads.Add(
            partition, batch.NextOffset, batch.Records.Length, partition.Raw.Count > 0 ? partition.Raw.LastOffset : null, partition.Facts.Count > 0 ? partition.Facts.LastOffset : null);
        partition.Next = batch.NextOffset;
        partition.Records += batch.Records.Length;
        partition.Outcome += outcome;
        if (IsCheckpointDue) await CheckpointAsync(cancellationToken);
        else _idle.Change(_options.CheckpointInterval, Timeout.InfiniteTimeSpan);
        return outcome;
    }

    /// <summary>Gives an id to the symbols that are seen for the first time, before anything of the batch is decided.</summary>
    private async Task RegisterAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        HashSet<NaturalKey>? news = null;
        foreach (ref readonly var trade in batch.Trades.Span)
        {
            if (IsKnown(trade.Symbol)) continue;
            var key = new NaturalKey(Exchange.Binance, trade.Symbol.Ticker);
            if (!_symbols.ContainsKey(key)) (news ??= []).Add(key);
        }

        foreach (var rejected in batch.Rejected)
        {
            if (rejected is not { Ticker: { } ticker, TradeId: >= 0 and <= TradeQuality.MaxTradeId }) continue;
            var key = new NaturalKey(Exchange.Binance, ticker);
            if (!_symbols.ContainsKey(key)) (news ??= []).Add(key);
        }

        if (news is null) return;
        var now = Now();
        await ApplyInTurnAsync([.. news.Select(key => InferredMember.Change(key, now))], cancellationToken);
    }

    private async Task<HashSet<string>> KnownRejectionsAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        var identities = batch.Rejected.Where(rejected => rejected.Identity is not null).Select(rejected => rejected.Identity!).ToHashSet(StringComparer.Ordinal);
        if (identities.Count == 0) return [];
        var known = (await SnowflakeReads.KnownRejectionsAsync(_sql, identities, cancellationToken)).ToHashSet(StringComparer.Ordinal);
        foreach (var pending in _rejections)
        {
            if (pending.Record.Identity is { } identity) known.Add(identity);
        }

        return known;
    }

    private static void AddRaw(PartitionLoad partition, WarehouseBatch batch)
    {
        var unreadable = batch.Rejected.Select(rejected => rejected.Offset).ToHashSet();
        foreach (ref readonly var record in batch.Records.Span) partition.AddRaw(record, !unreadable.Contains(record.Offset));
    }

    private LoadOutcome AddFacts(PartitionLoad partition, WarehouseBatch batch)
    {
        var trades = batch.Trades.Span;
        var records = batch.Records.Span;
        int stored = 0, duplicates = 0, rejected = 0;
        SymbolState? state = null;
        Symbol? symbol = null;
        for (var i = 0; i < trades.Length; i++)
        {
            ref readonly var trade = ref trades[i];
            if (!ReferenceEquals(trade.Symbol, symbol))
            {
                symbol = trade.Symbol;
                state = StateOf(symbol);
                Touch(state);
            }

            ref readonly var record = ref records[batch.TradeRecords.Span[i]];
            var reason = TradeQuality.Check(trade);
            if (reason != ErrorReason.TradeIdOutOfRange && !state!.Coverage.Add(trade.TradeId))
            {
                duplicates++;
            }
            else if (reason == ErrorReason.None)
            {
                partition.AddFact(state!, trade, record.Offset);
                stored++;
            }
            else
            {
                var row = new RejectedRecord(record.Offset, reason, "", symbol.Ticker, trade.TradeId, trade.ReceivedTime, default);
                _rejections.Add(new PendingRejection(partition.Partition, state!.SymbolId, row, record.Value.ToArray()));
                rejected++;
            }
        }

        return new LoadOutcome(stored, duplicates, rejected);
    }

    private LoadOutcome Reject(PartitionLoad partition, RejectedRecord rejected, HashSet<string> known)
    {
        SymbolState? state = null;
        if (rejected.Ticker is { } ticker)
        {
            _symbols.TryGetValue(new NaturalKey(Exchange.Binance, ticker), out state);
            if (rejected.TradeId is >= 0 and <= TradeQuality.MaxTradeId and var tradeId)
            {
                // Captured, like a trade that breaks a rule: asking for it again would give the same.
                Touch(state!);
                if (!state!.Coverage.Add(tradeId)) return new LoadOutcome(0, 1, 0);
            }
        }

        if (rejected.Identity is { } identity && !known.Add(identity)) return new LoadOutcome(0, 1, 0);
        _rejections.Add(new PendingRejection(partition.Partition, state?.SymbolId, rejected, rejected.Payload.ToArray()));
        return new LoadOutcome(0, 0, 1);
    }

    private static Task StreamAsync(StreamingChannel? channel, RowBatch rows, CancellationToken cancellationToken) =>
        rows.Count == 0 ? Task.CompletedTask : channel!.AppendAsync(rows, cancellationToken);

    private Task<StreamingChannel> OpenAsync(PartitionLoad partition, string table, long? known, CancellationToken cancellationToken)
    {
        var repair = new RowRepair(_sql, table, partition.Partition, _options.RepairLimit);
        return _streaming.OpenChannelAsync(
            new ChannelAddress(
                PipeAddress.OfTable(_options.Database, _options.Schema, table),
                ChannelName.Of(partition.Partition.Epoch, partition.Partition.Topic, partition.Partition.Partition)),
            new OpenOptions
            {
                KnownCommitted = known,
                HighestStoredOffset = stop => SnowflakeReads.HighestOffsetAsync(_sql, table, partition.Partition, stop),
                RestoreMissing = async (rows, stop) =>
                {
                    var missing = await repair.RestoreAsync(rows, stop);
                    Interlocked.Add(ref _restoredRows, missing);
                    return missing;
                },
            },
            cancellationToken);
    }

    private bool IsKnown(Symbol symbol) => symbol.Ordinal < _byOrdinal.Length && ReferenceEquals(_byOrdinal[symbol.Ordinal].Symbol, symbol);

    private SymbolState StateOf(Symbol symbol)
    {
        if (IsKnown(symbol)) return _byOrdinal[symbol.Ordinal].State!;
        if (symbol.Ordinal >= _byOrdinal.Length) Array.Resize(ref _byOrdinal, Math.Max(symbol.Ordinal + 1, _byOrdinal.Length * 2));
        var state = _symbols[new NaturalKey(Exchange.Binance, symbol.Ticker)];
        _byOrdinal[symbol.Ordinal] = (symbol, state);
        return state;
    }

    private void Touch(SymbolState state)
    {
        if (_before.TryAdd(state, state.Coverage)) state.Coverage = state.Coverage.Clone();
        GapsOf(state).IsTouched = true;
    }
}
