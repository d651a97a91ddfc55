using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// Asks the exchange until it answers, with pauses. What fails for good ends it, and so does an exchange that has never answered after as
/// many attempts as the options have: after the first answer an outage is waited out.
/// </summary>
internal sealed class RequestAttempts(BackoffOptions options, BackfillProgress progress, BackfillMetrics metrics, TimeProvider clock)
{
    private readonly Backoff _backoff = new(options, clock);
    private bool _hasAnswered;

    /// <exception cref="ExchangeException">For good; the message says what to use instead.</exception>
    /// <exception cref="ConfigurationException">The exchange has no such symbol.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                metrics.Requests.Increment();
                var answer = await ask(cancellationToken);
                if (_backoff.Failures > 0) progress.Update(report => report with { Note = null });
                _backoff.Reset();
                _hasAnswered = true;
                return answer;
            }
            catch (ExchangeException refusal)
            {
                metrics.Failures.Increment();
                if (refusal.IsUnknownSymbol) throw new ConfigurationException(refusal.Message, refusal);
                if (!refusal.IsTransient || refusal.IsOfPlace || (!_hasAnswered && _backoff.IsLastAttempt)) throw Final(refusal);
                progress.Update(report => report with { Note = $"{refusal.Message} It is asked again." });
                await _backoff.WaitAsync(refusal.RetryAfter, cancellationToken);
            }
        }
    }

    private static ExchangeException Final(ExchangeException refusal) => new(
        $"{refusal.Message} What was fetched is kept. The exchange's daily archives have the same trades: trade-ingest backfill SYMBOL "
            + "--dates A..B downloads them, --archive DIR takes those you have.",
        isTransient: false, refusal)
    {
        Code = refusal.Code,
    };
}
