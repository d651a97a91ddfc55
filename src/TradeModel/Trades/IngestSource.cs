namespace Crypto.TradeModel.Trades;

/// <summary>How a trade reached us. Stored as these numbers.</summary>
public enum IngestSource : byte
{
    /// <summary>The exchange's live WebSocket stream.</summary>
    Stream = 1,

    /// <summary>Fetched by REST to fill a gap.</summary>
    Backfill = 2,

    /// <summary>Read from a file.</summary>
    Replay = 3,

    /// <summary>Read from a file whose word counts more than what is stored: replaces a trade of the same id with other content.</summary>
    Correction = 4,
}
