using Crypto.TestSupport;

namespace Crypto.TradeIngest.Tests.Simulation;

internal static class ManualTimeSteps
{
    /// <summary>
    /// Lets one timer after the other fire until the condition holds. For exchanges without clients: their pongs take real time.
    /// </summary>
    /// <param name="atLeast">The time of one step, in which several may fire.</param>
    public static async Task StepUntilAsync(this ManualTimeProvider clock, Func<bool> condition, TimeSpan atLeast = default)
    {
        using var patience = Patience.Start();
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            if (clock.NextDue is { } due) clock.Advance(due > atLeast ? due : atLeast);
            await Task.Yield();
        }
    }
}
