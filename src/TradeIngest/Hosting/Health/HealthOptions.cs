using System.ComponentModel;
using System.Net;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Hosting.Health;

/// <summary>Where a running service answers whether it makes progress; what <c>trade-ingest health</c> asks.</summary>
internal sealed record HealthOptions : IOptionRules
{
    [Description("IP address that the health endpoint listens on.")]
    public string Address { get; init; } = "127.0.0.1";

    [Description("TCP port of the health endpoint; with 0 there is none.")]
    [Within("0", "65535")]
    public int Port { get; init; }

    [Description("Longest time that a part of the service may have work and make no progress.")]
    [Within("1s", "1d")]
    public TimeSpan Bound { get; init; } = TimeSpan.FromMinutes(1);

    public IEnumerable<OptionFault> Faults()
    {
        if (!IPAddress.TryParse(Address, out _)) yield return new(
            nameof(Address), $"'{Address}' is no IP address such as 127.0.0.1 or 0.0.0.0");
    }
}
