using Crypto.TradeModel.Times;
using Crypto.Warehouse.Coverage;

namespace Crypto.TradeIngest.Commands;

/// <summary>What is captured of a symbol and what is missing.</summary>
/// <param name="Symbol">Its ticker.</param>
/// <param name="Ids">Trades stored.</param>
/// <param name="Coverage">Ids that need not be asked for.</param>
/// <param name="OpenGaps">Ids that are missing, in order.</param>
/// <param name="Missing">How many those are.</param>
/// <param name="Rejected">Ids of which the exchange has no valid trade.</param>
/// <param name="Quarantined">Missing ids of which a copy was rejected.</param>
/// <param name="ExchangeHoles">Ids of which the exchange has no trade at all.</param>
internal sealed record SymbolStatus(
    string Symbol, long Ids, IReadOnlyList<RangeStatus> Coverage, IReadOnlyList<GapStatus> OpenGaps, long Missing, long Rejected,
    long Quarantined, long ExchangeHoles)
{
    /// <summary>Gaps whose archives are looked up: each costs a look for the trades beside it.</summary>
    private const int GapsLookedUp = 100;

    /// <param name="coverage">Of the symbol.</param>
    /// <param name="times">Finds the trade times of stored ids.</param>
    public static async Task<SymbolStatus> OfAsync(SymbolCoverage coverage, TradeTimes times)
    {
        var stored = coverage.Captured[CoverageState.Stored];
        var beside = coverage.OpenGaps.Take(GapsLookedUp).ToDictionary(
            gap => gap.Ids, gap => (Before: stored.LastBefore(gap.Ids.From), After: stored.FirstAfter(gap.Ids.To)));
        long[] wanted = [.. beside.Values.SelectMany(pair => new[] { pair.Before, pair.After }).OfType<long>().Distinct()];
        var found = wanted.Length == 0 ? new Dictionary<long, Timestamp>() : await times(coverage, wanted);
        return new SymbolStatus(
            coverage.Key.Ticker,
            coverage.Count(CoverageState.Stored),
            [.. coverage.Covered.Select(range => new RangeStatus(range.From, range.To))],
            [.. coverage.OpenGaps.Select(gap => GapOf(gap))],
            coverage.OpenGaps.Sum(gap => gap.Ids.Count),
            coverage.Count(CoverageState.Rejected),
            coverage.Count(CoverageState.Quarantined),
            coverage.Count(CoverageState.ExchangeHole));

        GapStatus GapOf(OpenGap gap)
        {
            var (before, after) = beside.GetValueOrDefault(gap.Ids);
            return GapStatus.Of(coverage.Key.Ticker, gap, TimeOf(before), TimeOf(after));
        }

        Timestamp? TimeOf(long? id) => id is { } known && found.TryGetValue(known, out var time) ? time : null;
    }
}

/// <summary>Finds the trade times of stored ids of a symbol.</summary>
internal delegate Task<IReadOnlyDictionary<long, Timestamp>> TradeTimes(SymbolCoverage symbol, IReadOnlyList<long> ids);

/// <summary>A closed range of trade ids.</summary>
internal sealed record RangeStatus(long FromId, long ToId);

/// <summary>A gap, and what closes it.</summary>
/// <param name="State">As <c>TRADE_GAPS.state</c>.</param>
/// <param name="Archives">The exchange's daily files that hold its trades, as far as the trades beside it tell; the first ones.</param>
/// <param name="ArchiveDays">How many such files there are.</param>
/// <param name="Command">Closes it.</param>
internal sealed record GapStatus(
    long FromId, long ToId, long Count, string Found, string State, IReadOnlyList<string> Archives, int ArchiveDays, string Command)
{
    private const int ArchivesListed = 10;

    /// <param name="ticker">Of the symbol.</param>
    /// <param name="gap">The gap.</param>
    /// <param name="before">When the last stored trade before it was made.</param>
    /// <param name="after">When the first stored trade after it was made.</param>
    public static GapStatus Of(string ticker, OpenGap gap, Timestamp? before, Timestamp? after)
    {
        // Of a gap at an end only one day is sure.
        var days = (before ?? after) is { } from && (after ?? before) is { } to ? DaysFrom(from, to) : [];
        var ids = $"trade-ingest backfill {ticker} --from-id {gap.Ids.From} --to-id {gap.Ids.To}";
        return new GapStatus(
            gap.Ids.From, gap.Ids.To, gap.Ids.Count, gap.Found.ToString(), gap.State.Name(),
            [.. days.Take(ArchivesListed).Select(day => $"{ticker}-trades-{day:yyyy-MM-dd}.zip")], days.Count,
            gap.State == GapState.OutOfReach && days.Count > 0
                ? $"trade-ingest backfill {ticker} --dates {days[0]:yyyy-MM-dd}..{days[^1]:yyyy-MM-dd}"
                : ids);
    }

    private static List<DateOnly> DaysFrom(Timestamp from, Timestamp to)
    {
        var (first, last) = (DayOf(from), DayOf(to));
        var days = new List<DateOnly>();
        for (var day = first; day <= last; day = day.AddDays(1)) days.Add(day);
        return days;
    }

    private static DateOnly DayOf(Timestamp time) => DateOnly.FromDateTime(time.ToDateTimeOffset().UtcDateTime);
}
