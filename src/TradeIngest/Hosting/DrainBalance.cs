using System.Globalization;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Sink;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// What became of everything that came, once drained: each trade received or fetched is in the log or accounted for, and each record of
/// the log in the warehouse. Null where this process has not the role, or another one writes the log too.
/// </summary>
/// <param name="Received">Trades of the streams.</param>
/// <param name="Fetched">Trades of the exchange's history and of archives.</param>
/// <param name="Logged">Of both, those in the log.</param>
/// <param name="Repeated">Those that had passed before.</param>
/// <param name="Implausible">Those that are dead letters for their id.</param>
/// <param name="Shed">Those dropped while the log was slow, which count as missing.</param>
/// <param name="Records">Records in the log: trades, dead letters, their summaries and verdicts.</param>
/// <param name="Stored">Trades stored.</param>
/// <param name="Known">Trades that were stored before, and rejections that were.</param>
/// <param name="Rejected">Records stored as rejected.</param>
/// <param name="Verdicts">Records that say what became of missing trades.</param>
internal sealed record DrainBalance(
    long? Received, long? Fetched, long? Logged, long? Repeated, long? Implausible, long? Shed,
    long? Records, long? Stored, long? Known, long? Rejected, long? Verdicts)
{
    /// <summary>Trades that are accounted for nowhere: given up when the time ran out, and missing at the next start.</summary>
    public long Lost => (Received + Fetched - Logged - Repeated - Implausible - Shed) ?? 0;

    /// <summary>Records of the log that are not in the warehouse yet.</summary>
    public long Unloaded => (Records - Stored - Known - Rejected - Verdicts) ?? 0;

    public bool Balances => Lost == 0 && Unloaded == 0;

    /// <param name="metrics">Of this process.</param>
    /// <param name="hasIngest">Whether it appends.</param>
    /// <param name="ownsLog">Whether it loads what it appends, and nothing else, since <paramref name="leftover"/>.</param>
    /// <param name="leftover">Records that an earlier run had left in the log.</param>
    public static DrainBalance Of(TradeIngestMetrics metrics, bool hasIngest, bool ownsLog, LoadedRecords leftover)
    {
        var (ingest, sink) = (hasIngest ? metrics : null, ownsLog ? metrics.Sink : null);
        return new DrainBalance(
            ingest?.Stream.Trades.Value, ingest?.Backfill.Fetched.Value + ingest?.Backfill.Archived.Value, ingest?.Log.Trades.Value,
            ingest?.Continuity.Duplicates.Value,
            ingest?.Continuity.Implausible.Value, ingest?.Channel.ShedTrades.Value,
            sink is null ? null : metrics.Log.Records.Value, sink?.Stored.Value - leftover.Stored, sink?.Duplicates.Value - leftover.Known,
            sink?.Rejected.Value - leftover.Rejected, sink?.Verdicts.Value - leftover.Verdicts);
    }

    public override string ToString()
    {
        List<string> parts = [];
        if (Received is not null) parts.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"received {Received:N0} + fetched {Fetched:N0} = logged {Logged:N0} + repeated {Repeated:N0} + implausible {Implausible:N0} + "
            + $"shed {Shed:N0}{Rest("lost", Lost)}"));
        if (Records is not null) parts.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{Records:N0} records = stored {Stored:N0} + known {Known:N0} + rejected {Rejected:N0} + verdicts {Verdicts:N0}"
            + $"{Rest("not loaded", Unloaded)}"));
        return $"drained: {string.Join("; ", parts)}";
    }

    private static string Rest(string name, long count) =>
        count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" + {name} {count:N0}");
}
