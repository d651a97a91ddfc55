using System.Collections.Immutable;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Snowflake;

/// <summary>Rows of the tables as the types they mean.</summary>
internal static class SnowflakeReads
{
    public static async Task<(long Dimension, long Checkpoints)> RevisionAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync("SELECT DIMENSION, CHECKPOINTS FROM WAREHOUSE_REVISION", [], cancellationToken);
        return result.Rows.Count == 1
            ? (SqlResult.Whole(result.Rows[0][0]), SqlResult.Whole(result.Rows[0][1]))
            : throw new SnowflakeException(SnowflakeFault.ObjectMissing, $"WAREHOUSE_REVISION holds {result.Rows.Count} rows instead of "
                + "one. Run 'trade-ingest migrate --target snowflake'.");
    }

    public static async Task<IReadOnlyList<StoredPosition>> PositionsAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            "SELECT LOG_EPOCH, LOG_TOPIC, LOG_PARTITION, NEXT_OFFSET, RAW_OFFSET, FACT_OFFSET, CHECKPOINT_ID FROM LOG_POSITIONS", [],
            cancellationToken);
        return [.. result.Rows.Select(row => new StoredPosition(
            new LogPartition((string)row[0]!, (string)row[1]!, (int)SqlResult.Whole(row[2])),
            SqlResult.Whole(row[3]), row[4] is null ? null : SqlResult.Whole(row[4]), row[5] is null ? null
                : SqlResult.Whole(row[5]), (string)row[6]!))];
    }

    public static async Task<IReadOnlyList<(int Id, NaturalKey Key)>> SymbolsAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync("SELECT SYMBOL_ID, EXCHANGE, TICKER FROM SYMBOLS", [], cancellationToken);
        return [.. result.Rows.Select(row => ((int)SqlResult.Whole(row[0]), new NaturalKey((string)row[1]!, (string)row[2]!)))];
    }

    public static async Task<IReadOnlyList<(int SymbolId, CoverageRange Range)>> CoverageAsync(
        ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync("SELECT SYMBOL_ID, FROM_ID, TO_ID, STATE FROM TRADE_COVERAGE", [], cancellationToken);
        return [.. result.Rows.Select(row =>
            ((int)SqlResult.Whole(row[0]), new CoverageRange(RangeOf(row), CoverageStates.Parse((string)row[3]!))))];
    }

    public static async Task<IReadOnlyList<(int SymbolId, OpenGap Gap)>> OpenGapsAsync(
        ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            "SELECT SYMBOL_ID, FROM_ID, TO_ID, FOUND, STATE FROM TRADE_GAPS WHERE CLOSED IS NULL", [], cancellationToken);
        return [.. result.Rows.Select(row => (
            (int)SqlResult.Whole(row[0]), new OpenGap(RangeOf(row), SqlResult.Instant(row[3]), GapStates.Parse((string)row[4]!))))];
    }

    /// <summary>All changes, oldest first.</summary>
    public static async Task<IReadOnlyList<SymbolChange>> ChangesAsync(ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            """
            SELECT SOURCE, SEQUENCE_NO, EXCHANGE, TICKER, OPERATION, VALID_TIME, RECORDED_TIME, ATTRIBUTES
            FROM SYMBOL_CHANGES ORDER BY CHANGE_ID
            """,
            [], cancellationToken);
        return [.. result.Rows.Select(row => new SymbolChange(
            ChangeSources.Parse((string)row[0]!), SqlResult.Whole(row[1]), new NaturalKey((string)row[2]!, (string)row[3]!),
            (string)row[4]! == "DELETE" ? ChangeOperation.Delete : ChangeOperation.Upsert,
            SqlResult.Instant(row[5]), SqlResult.Instant(row[6]), AttributesJson.Parse((string)row[7]!)))];
    }

    /// <summary>All rows of the dimension, those superseded included, with the surrogate key stored for each.</summary>
    public static async Task<IReadOnlyList<(RecordedVersion Version, long Key)>> VersionsAsync(
        ISnowflakeSql sql, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            "SELECT S.EXCHANGE, V.TICKER, V.VALID_FROM, V.VALID_TO, V.IS_DELETED, V.IS_INFERRED, V.RECORDED_FROM, V.RECORDED_TO, "
            + "V.SYMBOL_KEY, "
            + string.Join(", ", SymbolAttributes.All.Select(attribute => $"V.{attribute.Column().ToUpperInvariant()}"))
            + " FROM DIM_SYMBOL_VERSIONS AS V JOIN SYMBOLS AS S ON S.SYMBOL_ID = V.SYMBOL_ID ORDER BY V.SYMBOL_ID, V.RECORDED_FROM, "
            + "V.VALID_FROM",
            [], cancellationToken);
        return [.. result.Rows.Select(row =>
            (new RecordedVersion(VersionOf(row), SqlResult.Instant(row[6]), SqlResult.Instant(row[7])), SqlResult.Whole(row[8])))];
    }

    private static SymbolVersion VersionOf(object?[] row)
    {
        var attributes = SymbolAttributes.All
            .Select((attribute, index) => KeyValuePair.Create(attribute, (string?)row[9 + index]))
            .Where(pair => pair.Value is not null)
            .ToImmutableSortedDictionary();
        return new SymbolVersion(
            new NaturalKey((string)row[0]!, (string)row[1]!), SqlResult.Instant(row[2]), SqlResult.Instant(row[3]),
            SqlResult.Boolean(row[4]), SqlResult.Boolean(row[5]), attributes);
    }

    /// <summary>The highest offset a table has of a partition; null when it has none.</summary>
    public static async Task<long?> HighestOffsetAsync(
        ISnowflakeSql sql, string table, LogPartition partition, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            $"SELECT MAX(LOG_OFFSET) FROM {table} WHERE LOG_EPOCH = ? AND LOG_TOPIC = ? AND LOG_PARTITION = ?",
            [partition.Epoch, partition.Topic, partition.Partition], cancellationToken);
        return result.Scalar is null ? null : SqlResult.Whole(result.Scalar);
    }

    /// <summary>Whether a table has a row of each of these offsets, and of no other between them.</summary>
    public static Task<bool> HasExactlyAsync(
        ISnowflakeSql sql, string table, LogPartition partition, ReadOnlySpan<long> offsets, CancellationToken cancellationToken)
    {
        // Not the offsets themselves, which are many: their count, and the sum of their distances from the first.
        var (count, first, last, sum) = ((long)offsets.Length, offsets[0], offsets[^1], 0L);
        foreach (var offset in offsets) sum += offset - first;
        return CompareAsync();

        async Task<bool> CompareAsync()
        {
            var result = await sql.ExecuteAsync(
                $"SELECT COUNT(*), COALESCE(SUM(LOG_OFFSET - ?), 0) FROM {table} WHERE LOG_EPOCH = ? AND LOG_TOPIC = ? AND LOG_PARTITION = "
                    + "? AND LOG_OFFSET BETWEEN ? AND ?",
                [first, partition.Epoch, partition.Topic, partition.Partition, first, last], cancellationToken);
            return (SqlResult.Whole(result.Rows[0][0]), SqlResult.Whole(result.Rows[0][1])) == (count, sum);
        }
    }

    /// <summary>The offsets a table has of a partition, from one to another, both included.</summary>
    public static async Task<IReadOnlySet<long>> OffsetsAsync(
        ISnowflakeSql sql, string table, LogPartition partition, long first, long last, CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            $"SELECT LOG_OFFSET FROM {table} WHERE LOG_EPOCH = ? AND LOG_TOPIC = ? AND LOG_PARTITION = ? AND LOG_OFFSET BETWEEN ? AND ?",
            [partition.Epoch, partition.Topic, partition.Partition, first, last], cancellationToken);
        return result.Rows.Select(row => SqlResult.Whole(row[0])).ToHashSet();
    }

    /// <summary>What facts say, by fact id.</summary>
    public static async Task<IReadOnlyDictionary<long, TradeContent>> ContentsAsync(
        ISnowflakeSql sql, IReadOnlyCollection<long> factIds, CancellationToken cancellationToken)
    {
        if (factIds.Count == 0) return new Dictionary<long, TradeContent>();
        var result = await sql.ExecuteAsync(
            "SELECT FACT_ID, PRICE, QUANTITY, TRADE_TIME, AGGRESSOR_SIDE FROM FACT_TRADES WHERE FACT_ID IN (SELECT V.VALUE::NUMBER FROM "
                + "TABLE(FLATTEN(INPUT => PARSE_JSON(?))) AS V)",
            [System.Text.Json.JsonSerializer.Serialize(factIds)], cancellationToken);
        return result.Rows.ToDictionary(
            row => SqlResult.Whole(row[0]),
            row => new TradeContent(
                new Price(SqlResult.Scaled(row[1])), new Quantity(SqlResult.Scaled(row[2])), SqlResult.Instant(row[3]),
                (AggressorSide)SqlResult.Whole(row[4])));
    }

    /// <summary>Which of the rejections are stored already.</summary>
    public static async Task<IReadOnlySet<string>> KnownRejectionsAsync(
        ISnowflakeSql sql, IEnumerable<string> identities, CancellationToken cancellationToken)
    {
        var wanted = System.Text.Json.JsonSerializer.Serialize(identities);
        var result = await sql.ExecuteAsync(
            "SELECT REJECTION_ID FROM REJECTED_TRADES WHERE REJECTION_ID IN (SELECT V.VALUE::VARCHAR FROM TABLE(FLATTEN(INPUT => "
                + "PARSE_JSON(?))) AS V)", [wanted], cancellationToken);
        return result.Rows.Select(row => (string)row[0]!).ToHashSet(StringComparer.Ordinal);
    }

    // The ids stand behind the symbol.
    private static IdRange RangeOf(object?[] row) => new(SqlResult.Whole(row[1]), SqlResult.Whole(row[2]));
}

/// <summary>A row of <c>LOG_POSITIONS</c>.</summary>
internal sealed record StoredPosition(LogPartition Partition, long Next, long? Raw, long? Fact, string CheckpointId);
