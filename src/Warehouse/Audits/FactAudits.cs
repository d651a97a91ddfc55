using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Audits;

/// <summary>The audits that need every fact: one pass over <c>FACT_TRADES</c>, in any order, serves them all.</summary>
internal sealed class FactAudits
{
    private readonly UsdAmount _usd;
    private readonly ITradeOracle? _oracle;
    private readonly IProgress<long>? _progress;
    private readonly Dictionary<long, SymbolVersion> _byKey;
    private readonly Dictionary<int, SymbolCoverage> _covered;
    private readonly Dictionary<int, IdRangeSet> _present = [];
    private readonly Dictionary<int, IdRangeSet> _rejected = [];
    private readonly AuditTally _unique = new("facts_unique", "every trade is stored once");
    private readonly AuditTally _coverage = new(
        "coverage_equals_ids", "TRADE_COVERAGE lists exactly the trade ids stored, and those only rejected");
    private readonly AuditTally _bound = new("facts_inside_version", "every fact's version exists and was valid at its trade time");
    private readonly AuditTally _amounts = new(
        "amounts_recompute", "total_amount_usd is price × quantity, exact, where the quote asset is pegged");
    private readonly AuditTally _invented = new("oracle_equal", "every fact equals the trade the exchange made, field by field");
    private readonly AuditTally _missing = new("oracle_missing", "every trade the exchange made is stored");

    /// <param name="versions">Current knowledge of the dimension.</param>
    /// <param name="covered">Coverage as the warehouse states it.</param>
    public FactAudits(
        IEnumerable<SymbolVersion> versions, IEnumerable<SymbolCoverage> covered, UsdAmount usd, ITradeOracle? oracle,
        IProgress<long>? progress)
    {
        _byKey = versions.DistinctBy(version => version.SymbolKey).ToDictionary(version => version.SymbolKey);
        _covered = covered.ToDictionary(symbol => symbol.SymbolId);
        _usd = usd;
        _oracle = oracle;
        _progress = progress;
    }

    public void Add(in StoredFact fact)
    {
        _unique.Examined++;
        if (!IdsOf(_present, fact.SymbolId).Add(fact.TradeId)) _unique.Fail($"fact {fact.FactId} is stored more than once");
        Check(fact, _byKey, _covered.GetValueOrDefault(fact.SymbolId)?.Key);
        if (++_coverage.Examined % 100_000 == 0) _progress?.Report(_coverage.Examined);
    }

    /// <param name="rejected">Symbol and trade id of the rejected trades that have both.</param>
    public IEnumerable<AuditResult> Finish(IEnumerable<(int SymbolId, long TradeId)> rejected)
    {
        _progress?.Report(_coverage.Examined);
        foreach (var (symbolId, tradeId) in rejected)
        {
            if (!IdsOf(_present, symbolId).Contains(tradeId)) IdsOf(_rejected, symbolId).Add(tradeId);
        }

        CompareCoverage();
        yield return _unique.ToResult();
        yield return _coverage.ToResult();
        yield return _bound.ToResult();
        yield return _amounts.ToResult();
        if (_oracle is null) yield break;
        CompareProduced(_covered);
        yield return _invented.ToResult();
        yield return _missing.ToResult();
    }

    private void Check(in StoredFact fact, Dictionary<long, SymbolVersion> byKey, NaturalKey? symbol)
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
        var amount = UsdAmount.Of(fact.Price, fact.Quantity, _usd.IsPegged(version[SymbolAttribute.QuoteAsset]), out var flags);
        if (amount != fact.Amount || flags != fact.Flags)
        {
            _amounts.Fail($"{version.Key.Ticker} {fact.TradeId}: {fact.Amount} with flags {fact.Flags}");
        }

        if (_oracle is null) return;
        _invented.Examined++;
        if (!_oracle.TryGet(version.Key.Ticker, fact.TradeId, out var truth))
        {
            _invented.Fail($"{version.Key.Ticker} {fact.TradeId} was never traded");
        }
        else if (truth != new TradeContent(fact.Price, fact.Quantity, fact.TradeTime, fact.Aggressor))
        {
            var stored = $"{fact.Price} × {fact.Quantity} at {fact.TradeTime} {fact.Aggressor}";
            _invented.Fail($"{version.Key.Ticker} {fact.TradeId}: stored {stored}, traded {truth}");
        }
    }

    private void CompareCoverage()
    {
        foreach (var (symbolId, symbol) in _covered)
        {
            var listed = IdRangeSet.Of(symbol.Captured[CoverageState.Rejected].Ranges);
            foreach (var range in symbol.Captured[CoverageState.Quarantined].Ranges) listed.Add(range);
            Compare(symbol, CoverageState.Stored, symbol.Captured[CoverageState.Stored], _present.GetValueOrDefault(symbolId));
            Compare(symbol, CoverageState.Rejected, listed, _rejected.GetValueOrDefault(symbolId));
        }

        foreach (var (symbolId, ids) in _present.Concat(_rejected))
        {
            if (!_covered.ContainsKey(symbolId)) _coverage.Fail($"symbol {symbolId} is not registered and has rows {ids}");
        }
    }

    private void Compare(SymbolCoverage symbol, CoverageState state, IdRangeSet listed, IdRangeSet? rows)
    {
        if (!listed.Ranges.SequenceEqual((rows ?? new IdRangeSet()).Ranges))
        {
            _coverage.Fail($"{symbol.Key.Ticker}: coverage says {listed} {state.Name().ToLowerInvariant()}, the rows say {rows}");
        }
    }

    private void CompareProduced(Dictionary<int, SymbolCoverage> covered)
    {
        foreach (var ticker in _oracle!.Tickers)
        {
            if (_oracle.Produced(ticker) is not { Count: > 0 } produced) continue;
            _missing.Examined += produced.Count;
            var captured = covered.Values.FirstOrDefault(symbol => symbol.Key.Ticker == ticker)?.Captured ?? new CapturedIds();
            var ranges = IdRangeSet.Of(captured[CoverageState.Stored].Ranges);
            foreach (var range in captured[CoverageState.Rejected].Ranges) ranges.Add(range);
            if (ranges.Ranges is [var whole] && whole == produced) continue;
            _missing.Fail($"{ticker}: produced {produced}, stored {ranges}");
        }
    }

    private static IdRangeSet IdsOf(Dictionary<int, IdRangeSet> bySymbol, int symbolId)
    {
        if (!bySymbol.TryGetValue(symbolId, out var ids)) bySymbol.Add(symbolId, ids = new IdRangeSet());
        return ids;
    }
}
