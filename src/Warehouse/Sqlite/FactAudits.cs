using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Audits;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Sqlite;

/// <summary>The audits that need every fact: one pass over <c>FACT_TRADES</c> serves them all.</summary>
internal sealed class FactAudits(SqliteDatabase database, UsdAmount usd, ITradeOracle? oracle, IProgress<long>? progress)
{
    private readonly AuditTally _coverage = new("coverage_equals_ids", "TRADE_COVERAGE lists exactly the trade ids stored or rejected");
    private readonly AuditTally _bound = new("facts_inside_version", "every fact's version exists and was valid at its trade time");
    private readonly AuditTally _amounts = new(
        "amounts_recompute", "total_amount_usd is price × quantity, exact, where the quote asset is pegged");
    private readonly AuditTally _invented = new("oracle_equal", "every fact equals the trade the exchange made, field by field");
    private readonly AuditTally _missing = new("oracle_missing", "every trade the exchange made is stored");

    public IEnumerable<AuditResult> Run(IReadOnlyList<SymbolVersion> versions)
    {
        var byKey = versions.DistinctBy(version => version.SymbolKey).ToDictionary(version => version.SymbolKey);
        var covered = SqliteReads.Coverage(database).ToDictionary(symbol => symbol.SymbolId);
        var rejected = RejectedIds();
        var present = new Dictionary<int, IdRangeSet>();
        foreach (var fact in Facts())
        {
            IdsOf(present, fact.SymbolId).Add(fact.TradeId);
            Check(fact, byKey, covered.GetValueOrDefault(fact.SymbolId)?.Key);
            if (++_coverage.Examined % 100_000 == 0) progress?.Report(_coverage.Examined);
        }

        progress?.Report(_coverage.Examined);
        foreach (var (symbolId, ids) in rejected)
        {
            foreach (var range in ids.Ranges) IdsOf(present, symbolId).Add(range);
        }

        CompareCoverage(covered, present);
        yield return _coverage.ToResult();
        yield return _bound.ToResult();
        yield return _amounts.ToResult();
        if (oracle is null) yield break;
        CompareProduced(covered);
        yield return _invented.ToResult();
        yield return _missing.ToResult();
    }

    private IEnumerable<Fact> Facts()
    {
        using var facts = database.Prepare(
            """
            SELECT fact_id, symbol_key, trade_time, price, quantity, total_amount_usd, aggressor_side, quality_flags
            FROM FACT_TRADES ORDER BY fact_id
            """);
        while (facts.Step())
        {
            yield return new Fact(
                facts.GetInt64(0),
                facts.GetInt64(1),
                new Timestamp(facts.GetInt64(2)),
                new Price(facts.GetInt64(3)),
                new Quantity(facts.GetInt64(4)),
                facts.IsNull(5) ? null : new Amount(facts.GetInt64(5)),
                (AggressorSide)facts.GetInt64(6),
                (QualityFlags)facts.GetInt64(7));
        }
    }

    private void Check(in Fact fact, Dictionary<long, SymbolVersion> byKey, NaturalKey? symbol)
    {
        _bound.Examined++;
        if (!byKey.TryGetValue(fact.SymbolKey, out var version))
        {
            _bound.Fail($"fact {fact.FactId} points to version {fact.SymbolKey}, which is not current knowledge");
            return;
        }

        if (symbol != version.Key)
        {
            _bound.Fail($"{symbol?.Ticker ?? $"symbol {fact.SymbolId}"} {fact.TradeId} is bound to a version of {version.Key}");
            return;
        }

        if (fact.TradeTime < version.ValidFrom || fact.TradeTime >= version.ValidTo)
        {
            _bound.Fail($"{version.Key.Ticker} {fact.TradeId} at {fact.TradeTime} is bound to [{version.ValidFrom}, {version.ValidTo})");
        }

        _amounts.Examined++;
        var amount = UsdAmount.Of(fact.Price, fact.Quantity, usd.IsPegged(version[SymbolAttribute.QuoteAsset]), out var flags);
        if (amount != fact.Amount || flags != fact.Flags)
        {
            _amounts.Fail($"{version.Key.Ticker} {fact.TradeId}: {fact.Amount} with flags {fact.Flags}");
        }

        if (oracle is null) return;
        _invented.Examined++;
        if (!oracle.TryGet(version.Key.Ticker, fact.TradeId, out var truth))
        {
            _invented.Fail($"{version.Key.Ticker} {fact.TradeId} was never traded");
        }
        else if (truth != new OracleTrade(fact.Price, fact.Quantity, fact.TradeTime, fact.Aggressor))
        {
            var stored = $"{fact.Price} × {fact.Quantity} at {fact.TradeTime} {fact.Aggressor}";
            _invented.Fail($"{version.Key.Ticker} {fact.TradeId}: stored {stored}, traded {truth}");
        }
    }

    private void CompareCoverage(Dictionary<int, Coverage.SymbolCoverage> covered, Dictionary<int, IdRangeSet> present)
    {
        foreach (var (symbolId, symbol) in covered)
        {
            var actual = present.GetValueOrDefault(symbolId) ?? new IdRangeSet();
            if (!actual.Ranges.SequenceEqual([.. symbol.Covered]))
            {
                _coverage.Fail($"{symbol.Key.Ticker}: coverage says {string.Join(", ", symbol.Covered)}, the rows say {actual}");
            }
        }

        foreach (var (symbolId, ids) in present)
        {
            if (!covered.ContainsKey(symbolId)) _coverage.Fail($"symbol {symbolId} is not registered and has rows {ids}");
        }
    }

    private void CompareProduced(Dictionary<int, Coverage.SymbolCoverage> covered)
    {
        foreach (var ticker in oracle!.Tickers)
        {
            if (oracle.Produced(ticker) is not { Count: > 0 } produced) continue;
            _missing.Examined += produced.Count;
            var ranges = covered.Values.FirstOrDefault(symbol => symbol.Key.Ticker == ticker)?.Covered ?? [];
            if (ranges.Count == 1 && ranges[0] == produced) continue;
            _missing.Fail($"{ticker}: produced {produced}, stored {string.Join(", ", ranges)}");
        }
    }

    private Dictionary<int, IdRangeSet> RejectedIds()
    {
        var rejected = new Dictionary<int, IdRangeSet>();
        using var query = database.Prepare(
            """
            SELECT symbol_id, trade_id FROM REJECTED_TRADES
            WHERE symbol_id IS NOT NULL AND trade_id BETWEEN 0 AND 1099511627775 ORDER BY symbol_id, trade_id
            """);
        while (query.Step()) IdsOf(rejected, query.GetInt32(0)).Add(query.GetInt64(1));

        return rejected;
    }

    private static IdRangeSet IdsOf(Dictionary<int, IdRangeSet> bySymbol, int symbolId)
    {
        if (!bySymbol.TryGetValue(symbolId, out var ids)) bySymbol.Add(symbolId, ids = new IdRangeSet());
        return ids;
    }

    private readonly record struct Fact(
        long FactId, long SymbolKey, Timestamp TradeTime, Price Price, Quantity Quantity, Amount? Amount, AggressorSide Aggressor,
        QualityFlags Flags)
    {
        public int SymbolId => Dimension.FactId.SymbolId(FactId);

        public long TradeId => Dimension.FactId.TradeId(FactId);
    }
}
