namespace Crypto.TradeIngest.Hosting.Health;

/// <summary>A part of the service that must get on while it has work.</summary>
/// <param name="Name">As reported.</param>
/// <param name="IsIdle">Whether it has nothing to do now, which is as good as getting on.</param>
/// <param name="Progress">A count that rises whenever it gets on.</param>
/// <param name="State">What it is at, in a word, where that is of interest.</param>
internal sealed record HealthPart(string Name, Func<bool> IsIdle, Func<long> Progress, Func<string>? State = null);

/// <param name="Stalled">Seconds since the part got on last, or was idle.</param>
/// <param name="State">Null where the part has none to tell.</param>
internal sealed record PartHealth(string Name, bool IsHealthy, double Stalled, string? State = null);

/// <summary>What <c>GET /health</c> answers, with status 200 or 503.</summary>
internal sealed record HealthReport(bool IsHealthy, IReadOnlyList<PartHealth> Parts);
