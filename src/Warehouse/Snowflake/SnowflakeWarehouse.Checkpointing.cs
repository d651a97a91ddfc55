using System.Text.Json;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Snowflake;

public sealed partial class SnowflakeWarehouse
{
    private const string StalePosition = "STALE_POSITION";

    private static readonly Timestamp FirstYear = Timestamp.Parse("0001-01-01T00:00:00Z");
    private static readonly Timestamp LastYear = Timestamp.Parse("9999-12-31T23:59:59.999999Z");

    /// <summary>
    /// Makes durable what was decided since the last checkpoint, then looks whether another process changed the dimension.
    /// </summary>
    private async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        var pending = _partitions.Values.Where(partition => partition.IsPending).ToList();
        if (pending.Count == 0) return;
        await _loads.FlushAsync(cancellationToken);
        var id = Guid.CreateVersion7(_clock.GetUtcNow()).ToString();
        try
        {
            await _sql.ExecuteAsync("CALL CHECKPOINT_LOAD(?)", [PayloadOf(pending, id)], cancellationToken);
        }
        catch (SnowflakeException failure) when (failure.Message.Contains(StalePosition, StringComparison.Ordinal))
        {
            // Ours, if it was executed twice because its first answer was lost.
            var stored = await SnowflakeReads.PositionsAsync(_sql, cancellationToken);
            if (stored.Count(position => position.CheckpointId == id) != pending.Count)
            {
                _isStale = true;
                throw new WarehouseException(
                    $"The stored position of {string.Join(", ", pending.Select(partition => partition.Partition.ToString()))} is not the "
                    + "one read at the start: two sinks write this warehouse. No row was written twice. Let one sink own each partition; "
                    + "this one goes on from the stored position.",
                    isTransient: true, failure);
            }
        }

        foreach (var partition in pending)
        {
            partition.Stored = new StoredPosition(partition.Partition, partition.Next, RawOf(partition), FactOf(partition), id);
            partition.Checkpointed = partition.Next;
            partition.Records = 0;
            partition.Outcome = default;
        }

        foreach (var (state, gaps) in _gaps)
        {
            if (gaps.IsTouched) gaps.Settle(state.Captured);
        }

        _checkpoints++;
        _rejections.Clear();
        _lastCheckpoint = _clock.GetTimestamp();
        await RefreshDimensionAsync(cancellationToken);
    }

    /// <summary>When no batch comes any more, what the last ones brought is not to wait for the next.</summary>
    private async Task SettleAsync()
    {
        try
        {
            await TakingTurnAsync(() => CheckpointAsync(CancellationToken.None), CancellationToken.None);
        }
        catch (Exception failure) when (failure is WarehouseException or ObjectDisposedException)
        {
            // The state is stale now: the next call reads it again, and has the sink go on from there.
        }
    }

    private static long? RawOf(PartitionLoad partition) => partition.RawChannel?.CommittedOffset ?? partition.Stored?.Raw;

    private static long? FactOf(PartitionLoad partition) => partition.FactChannel?.CommittedOffset ?? partition.Stored?.Fact;

    private string PayloadOf(List<PartitionLoad> pending, string id)
    {
        var now = Now().Microseconds;
        var touched = _gaps.Where(pair => pair.Value.IsTouched).ToList();
        var coverage = touched.Select(pair => CoverageChange.Between(pair.Key, pair.Value.StoredCoverage, pair.Key.Captured)).ToList();
        return JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["position_count"] = pending.Count,
            ["positions"] = pending.Select(partition => new
            {
                epoch = partition.Partition.Epoch,
                topic = partition.Partition.Topic,
                partition = partition.Partition.Partition,
                from = partition.Checkpointed,
                next = partition.Next,
                raw = RawOf(partition),
                fact = FactOf(partition),
                records = partition.Records,
                stored = partition.Outcome.Stored,
                duplicates = partition.Outcome.Duplicates,
                rejected = partition.Outcome.Rejected,
                verdicts = partition.Outcome.Verdicts,
                is_new = partition.Stored is null,
                checkpoint = id,
                now,
            }),
            ["rejected"] = _rejections.Select(rejection => new
            {
                epoch = rejection.Partition.Epoch,
                topic = rejection.Partition.Topic,
                partition = rejection.Partition.Partition,
                offset = rejection.Rejection.Offset,
                symbol_id = rejection.Rejection.Symbol?.SymbolId,
                ticker = rejection.Rejection.Symbol?.Key.Ticker,
                trade_id = rejection.Rejection.TradeId,
                reason = rejection.Rejection.Reason.Name(),
                detail = rejection.Rejection.Detail,
                received = rejection.Rejection.ReceivedTime is var time && time >= FirstYear && time <= LastYear
                    ? time.Microseconds
                    : (long?)null,
                content = Convert.ToBase64String(rejection.Payload),
                identity = rejection.Rejection.Identity,
            }),
            ["coverage_removed"] = coverage.SelectMany(
                change => change.Removed.Concat(change.Put.Select(range => range.Ids.From)),
                (change, from) => new { symbol_id = change.Symbol.SymbolId, from }),
            ["coverage"] = coverage.SelectMany(change => change.Put, (change, range) => new
            {
                symbol_id = change.Symbol.SymbolId,
                symbol = change.Symbol.Key.Ticker,
                from = range.Ids.From,
                to = range.Ids.To,
                state = range.State.Name(),
            }),
            ["gaps_removed"] = touched.SelectMany(
                pair => pair.Value.StoredGaps, (pair, from) => new { symbol_id = pair.Key.SymbolId, from }),
            ["gaps"] = touched.SelectMany(pair => pair.Value.Open
                .Select(gap => (Gap: gap, Closed: (Timestamp?)null))
                .Concat(pair.Value.Closed.Select(closed => (closed.Gap, Closed: (Timestamp?)closed.Closed)))
                .Select(row => new
                {
                    symbol_id = pair.Key.SymbolId,
                    symbol = pair.Key.Key.Ticker,
                    from = row.Gap.Ids.From,
                    to = row.Gap.Ids.To,
                    found = row.Gap.Found.Microseconds,
                    state = row.Gap.State.Name(),
                    closed = row.Closed?.Microseconds,
                })),
        });
    }

    /// <summary>
    /// Another process may have changed the dimension since this one read it. Facts that were streamed with the old keys in the meantime
    /// are bound anew, as the other process did with those it saw. None may be on the way to the table.
    /// </summary>
    private async Task RefreshDimensionAsync(CancellationToken cancellationToken)
    {
        var before = _symbols.All.ToDictionary(state => state.Key, state => state.Versions!.Versions);
        for (var attempt = 0; ; attempt++)
        {
            var (revision, _) = await SnowflakeReads.RevisionAsync(_sql, cancellationToken);
            if (revision == _revision) return;
            Know(await SnowflakeReads.SymbolsAsync(_sql, cancellationToken), await SnowflakeReads.ChangesAsync(_sql, cancellationToken));
            _revision = revision;
            var rebindings = new List<(SymbolState State, Rebinding Rebinding)>();
            foreach (var (key, versions) in before)
            {
                if (!_symbols.TryGet(key, out var state)) continue;
                rebindings.AddRange(Rebinding.Between(versions, state.Versions!.Versions).Select(rebinding => (state, rebinding)));
            }

            if (rebindings.Count == 0) return;
            try
            {
                await CallApplyAsync(new ChangePayload(_usd, _revision, long.MaxValue) { Rebindings = rebindings }, cancellationToken);
                _revision++;
                return;
            }
            catch (SnowflakeException failure) when (
                failure.Message.Contains(StaleRevision, StringComparison.Ordinal) && attempt < MaxAttempts)
            {
                // Changed once more in between.
            }
        }
    }
}
