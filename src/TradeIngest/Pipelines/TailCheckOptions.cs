using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>When symbols that stand still are asked for: a loss after which nothing is traded shows no gap.</summary>
internal sealed record TailCheckOptions
{
    [Description("How often symbols without trades are looked at.")]
    [Within("1s", "1m")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    [Description("How long a symbol has no trade after a connection came up before the exchange is asked for later ones.")]
    [Within("1s", "1d")]
    public TimeSpan AfterConnect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The default costs a tenth of the exchange's limit for 1,400 silent symbols.</summary>
    [Description("How long any symbol has no trade before the exchange is asked for later ones.")]
    [Within("10s", "1d")]
    public TimeSpan Recheck { get; init; } = TimeSpan.FromMinutes(15);
}
