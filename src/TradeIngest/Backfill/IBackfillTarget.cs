using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Backfill;

/// <summary>Where a backfill puts what it fetched: a pipeline that drops what has passed before.</summary>
internal interface IBackfillTarget
{
    /// <summary>Knows what is stored or on its way.</summary>
    ContinuityTracker Tracker { get; }

    /// <summary>Of the tracker's symbols.</summary>
    SymbolTable Symbols { get; }

    /// <summary>Trades so far whose id is stored with another content.</summary>
    long Disputed { get; }

    /// <summary>Waits for room and passes an event on; a batch is the target's to dispose.</summary>
    Task PushAsync(StreamEvent value, CancellationToken cancellationToken);
}
