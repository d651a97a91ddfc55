using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Coverage;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Loading;

/// <summary>
/// Decides what a load does: which trades are new facts, bound to which version and at what amount, which are duplicates, which are
/// rejected, what that makes of coverage and gaps. A function of what is known of the symbols and of the batch, whichever warehouse carries
/// it out: nothing is changed but the plan.
/// </summary>
public static class BatchPlanner
{
    /// <summary>The symbols of a batch that are to be registered, as inferred members, before it is planned; usually none.</summary>
    public static IReadOnlyCollection<NaturalKey> Unregistered(SymbolStates symbols, WarehouseBatch batch)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        ArgumentNullException.ThrowIfNull(batch);
        HashSet<NaturalKey>? keys = null;
        Symbol? last = null;
        foreach (ref readonly var trade in batch.Trades.Span)
        {
            if (ReferenceEquals(trade.Symbol, last)) continue;
            last = trade.Symbol;
            if (symbols.Find(last) is null) (keys ??= []).Add(SymbolStates.KeyOf(last));
        }

        foreach (var verdict in batch.Verdicts)
        {
            if (symbols.Find(verdict.Symbol) is null) (keys ??= []).Add(SymbolStates.KeyOf(verdict.Symbol));
        }

        return keys ?? (IReadOnlyCollection<NaturalKey>)[];
    }

    /// <param name="symbols">All symbols of the batch among them.</param>
    /// <param name="batch">What is to be loaded.</param>
    /// <returns>
    /// The plan, in which every trade whose id is known counts as a duplicate until <see cref="Compare"/> has looked at its content.
    /// </returns>
    public static BatchPlan Plan(SymbolStates symbols, WarehouseBatch batch)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        ArgumentNullException.ThrowIfNull(batch);
        var plan = new BatchPlan(batch);
        foreach (var record in batch.Rejected)
        {
            plan.Rejections.Add(new PlannedRejection(
                record.Offset, record.Reason, record.Detail, null, null, record.ReceivedTime, record.Payload, record.Identity));
        }

        var changes = new Dictionary<SymbolState, CapturedIds>(ReferenceEqualityComparer.Instance);
        PlanTrades(symbols, plan, changes);
        foreach (var (symbol, after) in changes)
        {
            if (CoverageChange.Between(symbol, symbol.Captured, after) is { IsEmpty: false } change) plan.Coverage.Add(change);
        }

        return plan;
    }

    /// <summary>The trades whose stored content <see cref="Compare"/> needs, by index in the batch; usually none.</summary>
    public static IReadOnlyList<int> Repeated(BatchPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Repeated;
    }

    /// <summary>
    /// Looks at the content of the trades whose id was known: one that agrees stays a duplicate; another is a conflict, rejected and kept
    /// with what is stored, unless it is a correction, which takes the place of what is stored.
    /// </summary>
    /// <param name="symbols">As planned with.</param>
    /// <param name="plan">Changed accordingly.</param>
    /// <param name="stored">By fact id; those of the batch itself need not be among them.</param>
    public static void Compare(SymbolStates symbols, BatchPlan plan, IReadOnlyDictionary<long, TradeContent> stored)
    {
        ArgumentNullException.ThrowIfNull(symbols);
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(stored);
        var contents = new Dictionary<long, TradeContent>(stored);
        var wanted = new HashSet<long>();
        foreach (var index in plan.Repeated) wanted.Add(FactIdOf(symbols, plan.Batch.Trades.Span[index]));
        foreach (ref readonly var fact in plan.Facts)
        {
            if (wanted.Contains(fact.FactId)) contents[fact.FactId] = TradeContent.Of(plan.Batch.Trades.Span[fact.Trade]);
        }

        foreach (var index in plan.Repeated)
        {
            ref readonly var trade = ref plan.Batch.Trades.Span[index];
            var factId = FactIdOf(symbols, trade);
            if (!contents.TryGetValue(factId, out var content)) continue;
            if (trade.Source == IngestSource.Correction) plan.SettledConflicts.Add(factId);
            if (content.AgreesWith(TradeContent.Of(trade))) continue;
            plan.DuplicateCount--;
            if (trade.Source != IngestSource.Correction)
            {
                plan.Rejections.Add(Conflicting(symbols, plan, index));
                continue;
            }

            plan.Rejections.Add(Replaced(symbols, plan, index, content));
            plan.Corrections.Add(FactOf(symbols.Find(trade.Symbol)!, trade, index));
            contents[factId] = TradeContent.Of(trade);
        }
    }

    /// <summary>Drops the rejections that stand in the table already; they count as duplicates.</summary>
    /// <param name="plan">Changed accordingly.</param>
    /// <param name="known">Of the identities that <see cref="BatchPlan.Rejections"/> names, those in the table.</param>
    public static void Drop(BatchPlan plan, IReadOnlySet<string> known)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var seen = new HashSet<string>(known, StringComparer.Ordinal);
        plan.DuplicateCount += plan.Rejections.RemoveAll(rejection => rejection.Identity is { } identity && !seen.Add(identity));
    }

    private static void PlanTrades(SymbolStates symbols, BatchPlan plan, Dictionary<SymbolState, CapturedIds> changes)
    {
        var trades = plan.Batch.Trades.Span;
        var records = plan.Batch.TradeRecords.Span;
        var verdicts = plan.Batch.Verdicts;
        var decided = 0;
        Symbol? symbol = null;
        SymbolState? state = null;
        CapturedIds? captured = null;
        for (var i = 0; i < trades.Length; i++)
        {
            ref readonly var trade = ref trades[i];

            // Each in its turn: how the log is cut into batches must make no difference.
            while (decided < verdicts.Count && verdicts[decided].Record < records[i]) Decide(symbols, verdicts[decided++], changes);

            // Trades come in bursts of one symbol.
            if (!ReferenceEquals(trade.Symbol, symbol))
            {
                symbol = trade.Symbol;
                state = Known(symbols, symbol);
                captured = ChangedOf(state, changes);
            }

            var reason = TradeQuality.Check(in trade);
            if (reason == ErrorReason.None)
            {
                if (captured!.Store(trade.TradeId)) plan.Add(FactOf(state!, in trade, i));
                else Repeat(plan, i);
            }
            else if (reason == ErrorReason.TradeIdOutOfRange || captured!.Reject(trade.TradeId, reason.IsConclusive(trade.Source))
                || captured[CoverageState.Stored].Contains(trade.TradeId))
            {
                plan.Rejections.Add(Rejection(plan, i, reason, state!));
            }
            else
            {
                plan.DuplicateCount++;
            }
        }

        for (; decided < verdicts.Count; decided++) Decide(symbols, verdicts[decided], changes);
    }

    private static void Decide(SymbolStates symbols, in GapVerdict verdict, Dictionary<SymbolState, CapturedIds> changes) =>
        ChangedOf(Known(symbols, verdict.Symbol), changes).Decide(verdict.Ids, verdict.State);

    private static SymbolState Known(SymbolStates symbols, Symbol symbol) =>
        symbols.Find(symbol) ?? throw new ArgumentException($"{symbol} is not registered.", nameof(symbols));

    private static CapturedIds ChangedOf(SymbolState state, Dictionary<SymbolState, CapturedIds> changes)
    {
        if (!changes.TryGetValue(state, out var captured)) changes.Add(state, captured = state.Captured.Clone());
        return captured;
    }

    private static void Repeat(BatchPlan plan, int index)
    {
        plan.Repeated.Add(index);
        plan.DuplicateCount++;
    }

    private static PlannedFact FactOf(SymbolState state, in Trade trade, int index)
    {
        var version = state.Versions!.IndexAt(trade.TradeTime);
        var amount = UsdAmount.Of(trade.Price, trade.Quantity, state.IsPegged(version), out var flags);
        return new PlannedFact(index, FactId.Of(state.SymbolId, trade.TradeId), state.Versions.KeyOf(version), amount ?? default, flags);
    }

    private static PlannedRejection Rejection(
        BatchPlan plan, int index, ErrorReason reason, SymbolState state, string detail = "", string? identity = null)
    {
        ref readonly var trade = ref plan.Batch.Trades.Span[index];
        ref readonly var record = ref plan.Batch.Records.Span[plan.Batch.TradeRecords.Span[index]];
        return new PlannedRejection(record.Offset, reason, detail, state, trade.TradeId, trade.ReceivedTime, record.Value, identity);
    }

    private static PlannedRejection Conflicting(SymbolStates symbols, BatchPlan plan, int index)
    {
        ref readonly var trade = ref plan.Batch.Trades.Span[index];
        var state = symbols.Find(trade.Symbol)!;
        return Rejection(
            plan, index, ErrorReason.ContentConflict, state, "another content is stored for this id", IdentityOf(
                state, trade.TradeId, TradeContent.Of(trade)));
    }

    /// <summary>The stored content, as the record of it that a rejection keeps.</summary>
    private static PlannedRejection Replaced(SymbolStates symbols, BatchPlan plan, int index, in TradeContent content)
    {
        ref readonly var trade = ref plan.Batch.Trades.Span[index];
        var old = trade with
        {
            Price = content.Price,
            Quantity = content.Quantity,
            TradeTime = content.TradeTime,
            EventTime = content.TradeTime,
            Aggressor = content.Aggressor,
        };
        var json = new byte[TradeJson.MaxLength];
        var length = TradeJson.Write(old, json);
        return Rejection(plan, index, ErrorReason.ContentReplaced, symbols.Find(trade.Symbol)!, "a correction took its place") with
        {
            Payload = json.AsMemory(0, length),
        };
    }

    // The same conflict is the same when its file is replayed again.
    private static string IdentityOf(SymbolState state, long tradeId, in TradeContent content) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{state.Key} {tradeId} {content.Price.Scaled} {content.Quantity.Scaled} {content.TradeTime.Microseconds} "
            + $"{(int)content.Aggressor}"))));

    private static long FactIdOf(SymbolStates symbols, in Trade trade) => FactId.Of(symbols.Find(trade.Symbol)!.SymbolId, trade.TradeId);
}
