using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>Reads facts segment by segment and compares each segment with what <c>FACT_SEGMENTS</c> says of it.</summary>
internal sealed class SegmentAudit(SqliteDatabase database)
{
    private readonly AuditTally _tally = new(
        "segments_equal_facts", "FACT_SEGMENTS counts every fact once, knows between which trade times its facts lie, and their checksum");

    public AuditResult Result() => _tally.ToResult();

    /// <summary>All facts, in the order of the table.</summary>
    public IEnumerable<StoredFact> ReadAll()
    {
        using IEnumerator<Segment> segments = Segments().GetEnumerator();
        var current = default(Segment);
        var read = default(Segment);
        using var facts = Prepare("ORDER BY row_id");
        while (facts.Step())
        {
            var segment = FactRowId.Segment(facts.GetInt64(0));
            if (segment != read.Id)
            {
                Compare(current, read);
                (current, read) = (Next(segments, segment), Segment.Empty(segment));
            }

            yield return Take(facts, ref read);
        }

        Compare(current, read);
        while (segments.MoveNext()) _tally.Fail($"segment {segments.Current.Id}: {segments.Current.Facts} facts, it holds none");
    }

    /// <summary>Reads the last segments only.</summary>
    public void ReadNewest(int count)
    {
        foreach (var segment in Segments().TakeLast(count))
        {
            var read = Segment.Empty(segment.Id);
            using var facts = Prepare("WHERE row_id >= ?1 << 40 AND row_id < (?1 + 1) << 40");
            facts.Bind(1, segment.Id);
            while (facts.Step()) Take(facts, ref read);
            Compare(segment, read);
        }
    }

    private SqliteStatement Prepare(string tail) => database.Prepare(
        "SELECT row_id, symbol_key, trade_id, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags, "
        + "fact_id FROM FACT_TRADES " + tail);

    private StoredFact Take(SqliteStatement facts, ref Segment read)
    {
        var (time, price, quantity, aggressor) = (facts.GetInt64(3), facts.GetInt64(4), facts.GetInt64(5), facts.GetInt64(7));
        var checksum = FactChecksum.Of(facts.GetInt64(0), facts.GetInt64(2), time, price, quantity, aggressor, facts.GetInt64(8));
        read = new Segment(read.Id, read.Facts + 1, Math.Min(read.First, time), Math.Max(read.Last, time), read.Checksum + checksum);
        _tally.Examined++;
        return new StoredFact(
            facts.GetInt64(10), facts.GetInt64(1), new Timestamp(time), new Price(price), new Quantity(quantity),
            facts.IsNull(6) ? null : new Amount(facts.GetInt64(6)), (AggressorSide)aggressor, (QualityFlags)facts.GetInt64(9));
    }

    // The segment with this id; those passed over on the way hold nothing.
    private Segment Next(IEnumerator<Segment> segments, int id)
    {
        while (segments.MoveNext())
        {
            if (segments.Current.Id == id) return segments.Current;
            _tally.Fail($"segment {segments.Current.Id}: {segments.Current.Facts} facts, it holds none");
            if (segments.Current.Id > id) break;
        }

        return default;
    }

    private void Compare(in Segment expected, in Segment read)
    {
        if (expected == read) return;
        if (expected.Id != read.Id) _tally.Fail($"segment {read.Id} holds {read.Facts} facts and is not listed");
        else if (expected with { Checksum = 0 } == read with { Checksum = 0 }) _tally.Fail(
            $"segment {read.Id}: its facts are not those that were written");
        else
        {
            var wanted = FormattableString.Invariant($"{expected.Facts} facts at {expected.First} to {expected.Last}");
            _tally.Fail($"segment {read.Id}: {wanted}, it holds {read.Facts} at {read.First} to {read.Last}");
        }
    }

    private List<Segment> Segments()
    {
        var segments = new List<Segment>();
        using var query = database.Prepare(
            "SELECT segment_id, facts, first_trade_time, last_trade_time, checksum FROM FACT_SEGMENTS ORDER BY segment_id");
        while (query.Step())
        {
            segments.Add(new Segment(query.GetInt32(0), query.GetInt64(1), query.GetInt64(2), query.GetInt64(3), query.GetInt64(4)));
        }

        return segments;
    }

    private readonly record struct Segment(int Id, long Facts, long First, long Last, long Checksum)
    {
        public static Segment Empty(int id) => new(id, 0, long.MaxValue, long.MinValue, 0);
    }
}
