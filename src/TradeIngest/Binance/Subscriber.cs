using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Brings one connection to the wanted subscriptions: asks in batches, halves a refused batch until the stream at fault stands
/// alone, then compares with what the exchange lists and asks again for what is missing, since a request can be lost in silence.
/// </summary>
internal sealed class Subscriber(SubscriptionRequests requests, StreamContext context)
{
    /// <summary>Rounds of asking and comparing before the rest is reported and left.</summary>
    private const int Rounds = 3;

    private const int TooManySubscriptions = 4;

    private readonly BinanceTradeStreamOptions _options = context.Options;
    private readonly ILogger _logger = context.Logger;
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);

    /// <returns>The streams that are subscribed, as the exchange itself says.</returns>
    /// <exception cref="ExchangeException">
    /// Too many subscriptions: not transient. No reply to the list, or no subscription at all: transient.
    /// </exception>
    public async Task<IReadOnlyCollection<string>> SubscribeAsync(IReadOnlyCollection<string> streams, CancellationToken cancellationToken)
    {
        var missing = new List<string>(streams);
        var listed = new HashSet<string>(StringComparer.Ordinal);
        for (var round = 0; round < Rounds && missing.Count > 0; round++)
        {
            if (round > 0) _logger.StreamsUnconfirmed(missing.Count);
            await AskAsync(missing, cancellationToken);
            listed = await ListAsync(cancellationToken);
            missing = [.. streams.Where(stream => !listed.Contains(stream) && !_refused.Contains(stream))];
        }

        if (missing.Count > 0) Report($"the exchange does not confirm {Describe(missing)}", isFatal: false);
        return listed.Count > 0 || streams.Count == 0
            ? listed
            : throw new ExchangeException("The exchange confirmed no subscription at all.", isTransient: true);
    }

    private async Task AskAsync(IReadOnlyList<string> streams, CancellationToken cancellationToken)
    {
        var parts = new Stack<IReadOnlyList<string>>(StreamRequest.Split(streams, _options.ControlMessageBytes).Reverse());
        while (parts.TryPop(out var part))
        {
            var reply = await requests.AskAsync(StreamRequest.Subscribe, part, cancellationToken);
            if (reply is null)
            {
                _logger.SubscriptionUnanswered(part.Count, _options.ReplyTimeout);
            }

            if (reply?.Error is not { } error) continue;
            if (error.Code == TooManySubscriptions)
            {
                var message = $"The exchange refuses {Describe(part)}: {error.Message} (code 4). "
                    + "Lower StreamsPerConnection or the number of symbols.";
                Report(message, isFatal: true);
                throw new ExchangeException(message, isTransient: false) { Code = TooManySubscriptions };
            }

            if (part.Count == 1)
            {
                _refused.Add(part[0]);
                Report($"the exchange refuses {part[0]}: {error.Message} (code {error.Code})", isFatal: false);
                continue;
            }

            var half = part.Count / 2;
            parts.Push([.. part.Skip(half)]);
            parts.Push([.. part.Take(half)]);
        }
    }

    private async Task<HashSet<string>> ListAsync(CancellationToken cancellationToken)
    {
        var reply = await requests.AskAsync(StreamRequest.ListSubscriptions, [], cancellationToken)
            ?? throw new ExchangeException($"{StreamRequest.ListSubscriptions} had no reply within {_options.ReplyTimeout}.", true);
        return reply.Error is { } error
            ? throw new ExchangeException($"{StreamRequest.ListSubscriptions} was refused: {error.Message}", isTransient: true)
            : new HashSet<string>(reply.Streams, StringComparer.Ordinal);
    }

    private void Report(string message, bool isFatal)
    {
        _logger.SubscriptionFault(isFatal ? LogLevel.Error : LogLevel.Warning, message);
        context.Metrics.SubscriptionFaults.Increment();
        context.Events.OnNext(new SubscriptionFault(Timestamp.Now(context.Clock), message, isFatal));
    }

    private static string Describe(IReadOnlyList<string> streams) =>
        streams.Count <= 5 ? string.Join(", ", streams) : $"{string.Join(", ", streams.Take(5))} and {streams.Count - 5} more";
}
