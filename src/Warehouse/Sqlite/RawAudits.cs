using System.Text.Json;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Holds every raw record against the fact it became, field by field, and every fact against the records: a change of one of the two,
/// or a disk that turns a bit over, is found. Reads run by run, beside it the segments of about the same time, so memory does not grow with
/// the warehouse.
/// </summary>
internal sealed class RawAudits(SqliteDatabase database)
{
    private readonly AuditTally _checksums = new("raw_as_written", "every run of raw records is, byte for byte, what was written");
    private readonly AuditTally _equal = new("facts_equal_raw", "every fact says what its raw record says, and every raw trade is a fact");
    private readonly SymbolTable _symbols = new();
    private readonly Dictionary<string, int> _symbolIds = new(StringComparer.Ordinal);

    public IEnumerable<AuditResult> RunAll()
    {
        ReadSymbols();
        using var facts = new FactsNearby(database);
        var refused = RefusedContents();
        using var runs = Prepare("ORDER BY batch_id");
        while (runs.Step())
        {
            CheckRun(runs);
            Compare(runs, facts, refused);
        }

        foreach (var row in facts.Unmatched()) _equal.Fail($"{row} has no raw record");
        return [_checksums.ToResult(), _equal.ToResult()];
    }

    public AuditResult CheckNewest(int count)
    {
        using var runs = Prepare("ORDER BY batch_id DESC LIMIT ?");
        runs.Bind(1, count);
        while (runs.Step()) CheckRun(runs);
        return _checksums.ToResult();
    }

    private SqliteStatement Prepare(string tail) =>
        database.Prepare("SELECT topic, partition, first_offset, record_count, checksum, records FROM RAW_BATCHES " + tail);

    private void CheckRun(SqliteStatement run)
    {
        _checksums.Examined += run.GetInt64(3);
        if (run.IsNull(4) || run.GetInt64(4) == Crc32C.Of(run.GetBytes(5))) return;
        var (first, count) = (run.GetInt64(2), run.GetInt64(3));
        _checksums.Fail(
            $"{run.GetText(0)}/{run.GetInt64(1)} offsets {first} to {first + count - 1}: the bytes are not those that were written");
    }

    private void Compare(SqliteStatement run, FactsNearby facts, Dictionary<long, List<TradeContent>> refused)
    {
        var (place, first) = ($"{run.GetText(0)}/{run.GetInt64(1)}", run.GetInt64(2));
        var trades = new List<(long Offset, long FactId, Trade Trade)>();
        var count = ReadTrades(run.GetBytes(5), first, trades);
        _equal.Examined += trades.Count;
        if (count != run.GetInt64(3)) _equal.Fail($"{place} from offset {first}: {count} records can be read of {run.GetInt64(3)}");
        facts.MoveTo(trades);
        foreach (var (offset, factId, trade) in trades)
        {
            var content = TradeContent.Of(trade);
            var isRefused = refused.TryGetValue(factId, out var others) && others.Exists(other => other.AgreesWith(content));
            if (isRefused && !facts.Agrees(factId, content)) continue;
            if (!facts.TryMatch(factId, content, out var stored)) _equal.Fail(
                $"{trade.Symbol} {trade.TradeId}: {place} offset {offset} has no fact");
            else if (!stored.AgreesWith(content)) _equal.Fail(
                $"{trade.Symbol} {trade.TradeId}: the fact says {stored}, {place} offset {offset} says {content}");
        }
    }

    /// <returns>How many records there are, trades or not.</returns>
    private int ReadTrades(ReadOnlySpan<byte> records, long offset, List<(long Offset, long FactId, Trade Trade)> trades)
    {
        var count = 0;
        try
        {
            var reader = new Utf8JsonReader(records);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var record = records[start..(int)reader.BytesConsumed];
                var reason = TradeJson.TryRead(record, _symbols, out var trade);
                if (reason == ErrorReason.None && TradeQuality.Check(in trade) == ErrorReason.None)
                {
                    trades.Add((offset, FactId.Of(_symbolIds.GetValueOrDefault(trade.Symbol.Ticker), trade.TradeId), trade));
                }

                offset++;
                count++;
            }
        }
        catch (JsonException)
        {
            // What comes after the damage cannot be read: the count shows it.
        }

        return count;
    }

    private void ReadSymbols()
    {
        using var query = database.Prepare("SELECT ticker, symbol_id FROM SYMBOLS");
        while (query.Step()) _symbolIds[query.GetText(0)] = query.GetInt32(1);
    }

    /// <summary>Contents that came for a fact's id and are not, or no longer, what is stored; by fact id.</summary>
    private Dictionary<long, List<TradeContent>> RefusedContents()
    {
        var refused = new Dictionary<long, List<TradeContent>>();
        using var query = database.Prepare(
            "SELECT symbol_id, trade_id, record_content FROM REJECTED_TRADES WHERE error_reason IN ('content_conflict', "
                + "'content_replaced')");
        while (query.Step())
        {
            if (TradeJson.TryRead(query.GetBytes(2), _symbols, out var trade) != ErrorReason.None) continue;
            var factId = FactId.Of(query.GetInt32(0), query.GetInt64(1));
            if (!refused.TryGetValue(factId, out var contents)) refused.Add(factId, contents = []);
            contents.Add(TradeContent.Of(trade));
        }

        return refused;
    }
}
