namespace Crypto.Warehouse.Sqlite;

/// <summary>Brings <c>FACT_SEGMENTS</c> in line with facts that changed in place.</summary>
internal static class FactSegments
{
    /// <summary>Reads a segment's facts and writes its row anew.</summary>
    public static void Recompute(SqliteDatabase database, int segment)
    {
        long facts = 0, checksum = 0, first = long.MaxValue, last = long.MinValue;
        using (var rows = database.Prepare(
            """
            SELECT row_id, trade_id, trade_time, price, quantity, aggressor_side, ingest_source FROM FACT_TRADES
            WHERE row_id >= ?1 << 40 AND row_id < (?1 + 1) << 40
            """))
        {
            rows.Bind(1, segment);
            while (rows.Step())
            {
                facts++;
                checksum += FactChecksum.Of(
                    rows.GetInt64(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5),
                    rows.GetInt64(6));
                first = Math.Min(first, rows.GetInt64(2));
                last = Math.Max(last, rows.GetInt64(2));
            }
        }

        using var update = database.Prepare(
            "UPDATE FACT_SEGMENTS SET facts = ?2, first_trade_time = ?3, last_trade_time = ?4, checksum = ?5 WHERE segment_id = ?1");
        update.Bind(1, segment).Bind(2, facts).Bind(3, first).Bind(4, last).Bind(5, checksum).Run();
    }
}
