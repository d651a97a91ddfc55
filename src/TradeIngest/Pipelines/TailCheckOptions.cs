namespace Crypto.TradeIngest.Pipelines;

internal sealed record TailCheckOptions
{
    /// <summary>How often symbols are looked at. Default 10 s; 1 s to 1 min.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a symbol stands still after a connection came up before it is asked for. Default 30 s.</summary>
    public TimeSpan AfterConnect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long any symbol stands still before it is asked for. Default 15 min: a tenth of the exchange's limit for 1,400 silent symbols.</summary>
    public TimeSpan Recheck { get; init; } = TimeSpan.FromMinutes(15);
}
