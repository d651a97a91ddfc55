namespace Crypto.TradeIngest.Workers;

/// <summary>Work that is done again and again until it is canceled, which is how it is meant to end.</summary>
internal static class Loop
{
    /// <summary>Works at once, and again after as long as the work says.</summary>
    public static async Task RunAsync(Func<CancellationToken, Task<TimeSpan>> work, TimeProvider clock, CancellationToken cancellationToken)
    {
        try
        {
            while (true) await Task.Delay(await work(cancellationToken), clock, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The way a loop ends.
        }
    }

    /// <summary>Works first when an interval is over, and again an interval after each end.</summary>
    public static Task EveryAsync(
        TimeSpan interval, Func<CancellationToken, Task> work, TimeProvider clock, CancellationToken cancellationToken)
    {
        var isFirst = true;
        return RunAsync(
            async token =>
            {
                if (!isFirst) await work(token);
                isFirst = false;
                return interval;
            },
            clock, cancellationToken);
    }
}
