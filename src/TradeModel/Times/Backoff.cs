using System.Net.Http.Headers;

namespace Crypto.TradeModel.Times;

/// <summary>Pauses between attempts at one thing.</summary>
/// <param name="First">The smallest pause, and half the ceiling of the first one. Default 500 ms.</param>
/// <param name="Longest">Where the ceiling stops to double. Default 30 s.</param>
/// <param name="Attempts">Attempts after which the last failure is final. Default 12, some two minutes of pauses.</param>
public sealed record BackoffOptions(TimeSpan First, TimeSpan Longest, int Attempts = int.MaxValue)
{
    public static BackoffOptions Default { get; } = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30), 12);

    /// <summary>For what a person waits for: four attempts, some seconds.</summary>
    public static BackoffOptions Attended { get; } = Default with { Attempts = 4 };
}

/// <summary>
/// How long to wait after a failure: drawn evenly from the smallest pause to a ceiling that doubles with every failure, so that those that
/// failed together do not come back together. Not thread-safe: each retried thing has its own.
/// </summary>
/// <param name="random">Default one seeded by the runtime.</param>
public sealed class Backoff(BackoffOptions options, TimeProvider clock, Random? random = null)
{
    /// <summary>No server is believed that asks for more; Binance's longest ban.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(3);

    private readonly Random _random = random ?? new Random();

    /// <summary>Since the start or the last <see cref="Reset"/>.</summary>
    public int Failures { get; private set; }

    /// <summary>Whether the attempt under way is the last.</summary>
    public bool IsLastAttempt => Failures >= options.Attempts - 1;

    /// <summary>Counts a failure.</summary>
    /// <param name="retryAfter">What the server asks for; never less than that.</param>
    /// <returns>The pause before the next attempt.</returns>
    public TimeSpan Next(TimeSpan? retryAfter = null)
    {
        // 2^30 times any sensible pause is past any sensible maximum.
        var first = options.First.TotalMilliseconds;
        var ceiling = Math.Min(options.Longest.TotalMilliseconds, first * Math.Pow(2, Math.Min(++Failures, 30)));

        // Timers count whole milliseconds, and would end before a pause that has a fraction.
        var pause = TimeSpan.FromMilliseconds(Math.Ceiling(first + (Math.Max(0, ceiling - first) * _random.NextDouble())));
        if (retryAfter > LongestRetryAfter) retryAfter = LongestRetryAfter;
        return retryAfter > pause ? retryAfter.Value : pause;
    }

    /// <summary>Counts a failure and waits.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => WaitAsync(null, cancellationToken);

    /// <inheritdoc cref="WaitAsync(CancellationToken)"/>
    public Task WaitAsync(TimeSpan? retryAfter, CancellationToken cancellationToken) =>
        Task.Delay(Next(retryAfter), clock, cancellationToken);

    /// <summary>After a success.</summary>
    public void Reset() => Failures = 0;

    /// <summary>The wait that a reply's <c>Retry-After</c> asks for, given as seconds or as a date; null without one to come.</summary>
    public static TimeSpan? RetryAfter(RetryConditionHeaderValue? header, TimeProvider clock)
    {
        var wait = header?.Delta ?? header?.Date - clock.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }
}
