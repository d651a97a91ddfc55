using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Brings one connection to the wanted subscriptions, again whenever those change: asks in batches, halves a refused batch until the stream
/// at fault stands alone, then compares with what the exchange lists and asks again for what is missing, since a request can be lost in
/// silence.
/// </summary>
internal sealed class Subscriber(SubscriptionRequests requests, StreamContext context)
{
    /// <summary>Rounds of asking and comparing before the rest is reported and left.</summary>
    private const int Rounds = 3;

    private const int TooManySubscriptions = 4;

    private readonly BinanceTradeStreamOptions _options = context.Options;
    private readonly ILogger _logger = context.Logger;
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private HashSet<string> _listed = new(StringComparer.Ordinal);
    private bool _hasSubscribed;

    /// <returns>The streams that are subscribed, as the exchange itself says.</returns>
    /// <exception cref="ExchangeException">
    /// At first, too many subscriptions: not transient. No reply to the list, or no subscription at all: transient.
    /// </exception>
    public async Task<IReadOnlySet<string>> SubscribeAsync(IReadOnlySet<string> streams, CancellationToken cancellationToken)
    {
        _refused.IntersectWith(streams);
        for (var round = 0; round < Rounds && Difference(streams) is ({ Count: > 0 }, _) or (_, { Count: > 0 }); round++)
        {
            var (missing, superfluous) = Difference(streams);
            if (round > 0) _logger.StreamsUnconfirmed(missing.Count + superfluous.Count);

            // First what makes room.
            await AskAsync(StreamRequest.Unsubscribe, superfluous, cancellationToken);
            await AskAsync(StreamRequest.Subscribe, missing, cancellationToken);
            _listed = await ListAsync(cancellationToken);
        }

        var (unconfirmed, remaining) = Difference(streams);
        if (unconfirmed.Count > 0) Report($"the exchange does not confirm {Describe(unconfirmed)}", isFatal: false);
        if (remaining.Count > 0) Report($"the exchange does not end {Describe(remaining)}", isFatal: false);
        if (_listed.Count == 0 && streams.Count > 0)
        {
            throw new ExchangeException("The exchange confirmed no subscription at all.", isTransient: true);
        }

        _hasSubscribed = true;
        return _listed;
    }

    private (List<string> Missing, List<string> Superfluous) Difference(IReadOnlySet<string> streams) => (
        [.. streams.Where(stream => !_listed.Contains(stream) && !_refused.Contains(stream))],
        [.. _listed.Where(stream => !streams.Contains(stream))]);

    private async Task AskAsync(string method, IReadOnlyList<string> streams, CancellationToken cancellationToken)
    {
        var parts = new Stack<IReadOnlyList<string>>(StreamRequest.Split(streams, _options.ControlMessageBytes).Reverse());
        while (parts.TryPop(out var part))
        {
            var reply = await requests.AskAsync(method, part, cancellationToken);
            if (reply is null)
            {
                _logger.SubscriptionUnanswered(part.Count, _options.ReplyTimeout);
            }

            if (reply?.Error is not { } error) continue;
            if (error.Code == TooManySubscriptions)
            {
                RefuseTooMany(part, error.Message);
                continue;
            }

            if (part.Count == 1)
            {
                if (method == StreamRequest.Subscribe) _refused.Add(part[0]);
                Report($"the exchange refuses to {method} {part[0]}: {error.Message} (code {error.Code})", isFatal: false);
                continue;
            }

            var half = part.Count / 2;
            parts.Push([.. part.Skip(half)]);
            parts.Push([.. part.Take(half)]);
        }
    }

    /// <summary>At first the connection is useless; later it goes on with what it has.</summary>
    private void RefuseTooMany(IReadOnlyList<string> part, string reason)
    {
        var message = $"The exchange refuses {Describe(part)}: {reason} (code 4). Lower StreamsPerConnection or the number of symbols.";
        Report(message, isFatal: !_hasSubscribed);
        if (!_hasSubscribed) throw new ExchangeException(message, isTransient: false) { Code = TooManySubscriptions };
        _refused.UnionWith(part);
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
