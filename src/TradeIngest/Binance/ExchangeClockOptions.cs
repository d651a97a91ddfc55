using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Binance;

/// <summary>How this machine's clock is compared with the exchange's.</summary>
internal sealed record ExchangeClockOptions
{
    [Description("How often this machine's clock is compared with the exchange's.")]
    [Within("1m", "1d")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromHours(1);

    [Description("The difference up to which this machine's clock is used; beyond it the exchange's is.")]
    [Within("100ms", "1h")]
    public TimeSpan Tolerance { get; init; } = TimeSpan.FromSeconds(5);
}
