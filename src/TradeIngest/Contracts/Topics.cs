namespace Crypto.TradeIngest.Contracts;

/// <summary>The topics of the trade log.</summary>
internal static class Topics
{
    /// <summary>One JSON value per trade, keyed by symbol; now and then one that says what became of missing ones.</summary>
    public const string StockTrades = "stock_trades";

    /// <summary>What could not become a trade, with its reason and raw bytes.</summary>
    public const string DeadLetters = "stock_trades_dlq";

    /// <summary>What sources said of symbols, one change a record; compacted. Kafka only.</summary>
    public const string SymbolChanges = "symbol_changes";

    /// <summary>What of each symbol stands in the log, for an ingest that starts; compacted. Kafka only.</summary>
    public const string CaptureState = "capture_state";
}
