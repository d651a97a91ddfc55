using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>How missing trades are fetched by REST.</summary>
internal sealed record GapBackfillOptions
{
    [Description("Wait before a gap is first fetched, since a second connection may fill it.")]
    [Within("0s", "1m")]
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    [Description("Smallest wait after a failure or an empty answer; the largest doubles per attempt, up to a minute.")]
    [Within("10ms", "1m")]
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What does not fit is counted and found again in the continuity tracker once the queue is empty.</summary>
    [Description("Ranges of missing ids queued over all symbols; further ones are found again later.")]
    [Within("1", "10000000")]
    public int Ranges { get; init; } = 10_000;

    /// <summary>A minute fetches about 240,000 within the exchange's limits.</summary>
    [Description("Missing trades of one gap beyond which it is not fetched by itself; trade-ingest backfill does.")]
    [Within("1000", "1000000000000")]
    public long MaxTrades { get; init; } = 5_000_000;

    [Description("Age of the trades of a gap beyond which it is not fetched by itself; trade-ingest backfill does.")]
    [Within("1h", "3650d")]
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary>When symbols that stand still are asked for.</summary>
    public TailCheckOptions Tails { get; init; } = new();
}
