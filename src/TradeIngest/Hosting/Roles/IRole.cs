using Crypto.TradeIngest.Hosting.Health;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>One role at work.</summary>
internal interface IRole : IAsyncDisposable
{
    /// <summary>Fails when the role does; completes when it has stopped.</summary>
    Task Running { get; }

    /// <summary>What must get on while the role is at work.</summary>
    IReadOnlyList<HealthPart> Parts { get; }

    /// <summary>Finishes what is under way.</summary>
    /// <returns>False when the time ran out.</returns>
    Task<bool> StopAsync(TimeSpan timeout);
}
