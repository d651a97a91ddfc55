using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// Requests on one connection, one at a time: sent within the message budget, matched to the reply the receive loop brings.
/// </summary>
internal sealed class SubscriptionRequests(
    IWebSocketConnection connection, BinanceTradeStreamOptions options, TimeProvider clock) : IDisposable
{
    private readonly SlidingWindowLimit _budget = new(options.ControlMessagesPerSecond, TimeSpan.FromSeconds(1), clock);
    private long _lastId;
    private Pending? _pending;

    /// <returns>The reply, or null when none came in time.</returns>
    public async Task<ControlReply?> AskAsync(string method, IReadOnlyList<string> streams, CancellationToken cancellationToken)
    {
        await _budget.WaitAsync(cancellationToken);
        var id = ++_lastId;
        var pending = new Pending(id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Volatile.Write(ref _pending, pending);
        await connection.SendAsync(StreamRequest.Encode(method, streams, id), cancellationToken);
        try
        {
            return await pending.Reply.Task.WaitAsync(options.ReplyTimeout, clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            Volatile.Write(ref _pending, null);
        }
    }

    /// <summary>Called by the receive loop. An error without an id answers the latest request.</summary>
    /// <returns>False when no request is open for it.</returns>
    public bool Accept(ControlReply reply) =>
        Volatile.Read(ref _pending) is { } pending
        && (reply.Id == pending.Id || (reply.Id is null && reply.Error is not null))
        && pending.Reply.TrySetResult(reply);

    public void Dispose() => _budget.Dispose();

    private sealed record Pending(string Id)
    {
        // Asynchronously: the continuation must not run on the receive loop.
        public TaskCompletionSource<ControlReply> Reply { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
