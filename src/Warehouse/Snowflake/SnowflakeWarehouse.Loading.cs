using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

public sealed partial class SnowflakeWarehouse
{
    // They are kept until the checkpoint and are one argument of a call there, which Snowflake bounds at 16 MiB: with those of one load
    // more they fit.
    private const long MaxRejectionBytes = 2 << 20;
    private const long BytesPerRejection = 400;

    public async ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return await TakingTurnAsync(() => LoadInTurnAsync(batch, cancellationToken), cancellationToken);
    }

    private bool IsCheckpointDue =>
        _clock.GetElapsedTime(_lastCheckpoint) >= _options.CheckpointInterval
        || _rejections.Sum(SizeOf) >= MaxRejectionBytes;

    private static long SizeOf(PendingRejection rejection) =>
        BytesPerRejection + rejection.Rejection.Detail.Length + (rejection.Payload.Length * 4L / 3);

    private async Task<LoadOutcome> LoadInTurnAsync(WarehouseBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_partitions.TryGetValue(batch.Partition, out var partition))
        {
            if (partition.Next >= batch.NextOffset) return default;
            if (partition.Next != batch.FromOffset)
            {
                throw new WarehouseException(
                    $"Records from offset {batch.FromOffset} of {batch.Partition} do not continue the stored position {partition.Next}: "
                    + "two sinks write this warehouse, or records were lost from the log.",
                    isTransient: _isRewound && batch.FromOffset > partition.Next);
            }
        }

        await _loads.RoomForAsync(batch.Records.Length, cancellationToken);
        if (BatchPlanner.Unregistered(_symbols, batch) is { Count: > 0 } unregistered)
        {
            var recorded = Now();
            await ApplyInTurnAsync([.. unregistered.Select(key => InferredMember.Change(key, recorded))], cancellationToken);
        }

        // What is stored for ids that come again is not compared here: reading it would take a running warehouse.
        using var plan = BatchPlanner.Plan(_symbols, batch);
        await DropKnownAsync(plan, cancellationToken);
        if (partition is null) _partitions.Add(batch.Partition, partition = new PartitionLoad(batch.Partition, null, batch.FromOffset));

        partition.Raw.Clear();
        partition.Facts.Clear();
        if (batch.KeepRaw) AddRaw(partition, batch);
        AddFacts(partition, plan);
        foreach (var rejection in plan.Rejections)
        {
            _rejections.Add(new PendingRejection(partition.Partition, rejection, rejection.Payload.ToArray()));
        }

        var now = Now();
        foreach (var change in plan.Coverage) GapsOf(change.Symbol).Apply(change.Gaps, now);
        plan.UpdateState();

        // Both are open before either appends: what refuses one channel stops the other too.
        if (partition.Raw.Count > 0) partition.RawChannel ??= await OpenAsync(
            partition, RawTable, partition.Stored?.Raw, cancellationToken);
        if (partition.Facts.Count > 0) partition.FactChannel ??= await OpenAsync(
            partition, FactTable, partition.Stored?.Fact, cancellationToken);
        await Task.WhenAll(
            StreamAsync(partition.RawChannel, partition.Raw, cancellationToken),
            StreamAsync(partition.FactChannel, partition.Facts, cancellationToken));
        _loads.Add(
            partition, batch.NextOffset, batch.Records.Length, partition.Raw.Count > 0 ? partition.Raw.LastOffset
                : null, partition.Facts.Count > 0 ? partition.Facts.LastOffset : null);
        partition.Next = batch.NextOffset;
        partition.Records += batch.Records.Length;
        partition.Outcome += plan.Outcome;
        if (IsCheckpointDue) await CheckpointAsync(cancellationToken);
        else _idle.Change(_options.CheckpointInterval, Timeout.InfiniteTimeSpan);
        return plan.Outcome;
    }

    private async Task DropKnownAsync(BatchPlan plan, CancellationToken cancellationToken)
    {
        var identities = plan.Rejections.Select(rejection => rejection.Identity).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (identities.Count == 0) return;
        var known = (await SnowflakeReads.KnownRejectionsAsync(_sql, identities, cancellationToken)).ToHashSet(StringComparer.Ordinal);
        foreach (var pending in _rejections)
        {
            if (pending.Rejection.Identity is { } identity) known.Add(identity);
        }

        BatchPlanner.Drop(plan, known);
    }

    private static void AddRaw(PartitionLoad partition, WarehouseBatch batch)
    {
        var unreadable = batch.Rejected.Select(rejected => rejected.Offset).ToHashSet();
        foreach (ref readonly var record in batch.Records.Span) partition.AddRaw(record, !unreadable.Contains(record.Offset));
    }

    private static void AddFacts(PartitionLoad partition, BatchPlan plan)
    {
        var trades = plan.Batch.Trades.Span;
        var records = plan.Batch.Records.Span;
        foreach (ref readonly var fact in plan.Facts)
        {
            partition.AddFact(fact, trades[fact.Trade], records[plan.Batch.TradeRecords.Span[fact.Trade]].Offset);
        }
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
}
