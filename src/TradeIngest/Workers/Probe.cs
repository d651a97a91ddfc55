namespace Crypto.TradeIngest.Workers;

/// <summary>A part of the service that must progress while it has work.</summary>
/// <param name="Name">As reported.</param>
/// <param name="IsIdle">Whether it has nothing to do now, which is as good as progress.</param>
/// <param name="Progress">A count that rises whenever it progresses.</param>
/// <param name="State">What it is at, in a word, where that is of interest.</param>
internal sealed record Probe(string Name, Func<bool> IsIdle, Func<long> Progress, Func<string>? State = null);
