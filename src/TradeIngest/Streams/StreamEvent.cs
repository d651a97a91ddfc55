using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Streams;

/// <summary>
/// What flows through the Rx pipeline. Trades travel in batches; what happens to the stream itself (a connection lost, a gap
/// found) is an event in the same order, so that nothing downstream has to guess.
/// </summary>
internal abstract record StreamEvent
{
    /// <summary>About what the event occupies in memory, in bytes: what bounds of memory count.</summary>
    public virtual int MemoryBytes() => 128;
}

/// <summary>A connection is up and its subscriptions are confirmed.</summary>
/// <param name="Attempt">1 for the first connection, more after failures.</param>
internal sealed record Connected(Timestamp At, Uri Endpoint, int Attempt) : StreamEvent;

/// <summary>A connection ended; the client reconnects by itself after <paramref name="RetryIn"/>.</summary>
internal sealed record Disconnected(Timestamp At, string Reason, TimeSpan RetryIn) : StreamEvent
{
    public override int MemoryBytes() => base.MemoryBytes() + (Reason.Length * sizeof(char));
}

/// <summary>The exchange refused or did not confirm a subscription.</summary>
/// <param name="IsFatal">The connection's streams are given up: an operator has to act.</param>
internal sealed record SubscriptionFault(Timestamp At, string Message, bool IsFatal) : StreamEvent
{
    public override int MemoryBytes() => base.MemoryBytes() + (Message.Length * sizeof(char));
}

/// <summary>Ids between two captured ones are missing.</summary>
internal sealed record GapFound(Timestamp At, Symbol Symbol, IdRange Ids) : StreamEvent;

/// <summary>What became of missing ids that are not fetched any more.</summary>
internal abstract record GapVerdict(Timestamp At, Symbol Symbol, IdRange Ids, string Reason) : StreamEvent
{
    public override int MemoryBytes() => base.MemoryBytes() + (Reason.Length * sizeof(char));
}

/// <summary>Missing ids that the exchange does not have either: recorded once, never asked for again.</summary>
internal sealed record ExchangeHole(Timestamp At, Symbol Symbol, IdRange Ids) : GapVerdict(
    At, Symbol, Ids, "the exchange has later trades, and two of its answers lack these");

/// <summary>Missing ids that are not fetched before the next start: refused, too many or too far back.</summary>
internal sealed record OutOfReach(Timestamp At, Symbol Symbol, IdRange Ids, string Reason) : GapVerdict(At, Symbol, Ids, Reason);

/// <summary>A trade that breaks a quality rule passed by; it stays in its batch and ends in <c>REJECTED_TRADES</c>.</summary>
internal sealed record QualityIssue(Trade Trade, ErrorReason Reason) : StreamEvent;

/// <summary>A symbol is captured again; what was captured of it before is known.</summary>
/// <param name="From">Where its capture began.</param>
/// <param name="Ids">Those in the log.</param>
internal sealed record CaptureRestored(Symbol Symbol, long From, IdRangeSet Ids) : StreamEvent;

/// <summary>It is time to write down what has been captured; wakes who does that when nothing else comes.</summary>
internal sealed record CheckpointDue : StreamEvent;
