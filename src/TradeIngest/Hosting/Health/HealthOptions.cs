using System.Net;

namespace Crypto.TradeIngest.Hosting.Health;

/// <summary>Where a running service answers whether it gets on; what <c>trade-ingest health</c> asks.</summary>
internal sealed record HealthOptions
{
    /// <summary>Address listened on. Default the loopback one.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>TCP port. Default 0: there is no endpoint.</summary>
    public int Port { get; init; }

    /// <summary>Longest time that a part of the service may have work and not get on. Default one minute; 1 second to 1 day.</summary>
    public TimeSpan Bound { get; init; } = TimeSpan.FromMinutes(1);

    public IEnumerable<string> Validate()
    {
        if (!IPAddress.TryParse(Address, out _)) yield return $"Address '{Address}' is no IP address such as 127.0.0.1 or 0.0.0.0";
        if (Port is < 0 or > 65535) yield return $"Port {Port} is not within 0 to 65,535";
        if (!ServiceOptions.IsWithin(Bound, TimeSpan.FromSeconds(1))) yield return $"Bound {Bound} is not within 1 second to 1 day";
    }
}
