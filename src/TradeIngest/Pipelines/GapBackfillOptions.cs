namespace Crypto.TradeIngest.Pipelines;

internal sealed record GapBackfillOptions
{
    /// <summary>Wait before a gap's first fetch, since a second connection may fill it. Default 200 ms; 0 to 1 min.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Wait after a failure or an empty answer, doubled per attempt up to a minute. Default 1 s; 10 ms to 1 min.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Empty answers after which ids count as an exchange hole: the history may lag a little. Default 3; 1 to 100.</summary>
    public int EmptyAnswers { get; init; } = 3;

    /// <summary>
    /// Ranges queued over all symbols. Default 10,000; from 1. What does not fit is counted and found again in the continuity
    /// tracker once the queue is empty.
    /// </summary>
    public int Ranges { get; init; } = 10_000;

    /// <summary>When symbols that stand still are asked for.</summary>
    public TailCheckOptions Tails { get; init; } = new();
}
