namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>Names of streams: the symbol in lower case, an at sign, the kind of event.</summary>
internal static class StreamNames
{
    public const string Trade = "trade";
    public const string AggTrade = "aggTrade";

    /// <summary>With an interval behind it.</summary>
    public const string Kline = "kline_";

    /// <summary>Such as <c>btcusdt@trade</c>.</summary>
    public static string Of(string ticker, string type) => $"{ticker.ToLowerInvariant()}@{type}";

    /// <summary>
    /// Whether a name could be that of a stream. The exchange accepts any such name in silence, also of symbols it does not list.
    /// </summary>
    public static bool IsWellFormed(string name) =>
        (name.StartsWith('!') || name.IndexOf('@', StringComparison.Ordinal) > 0) && !name.Any(char.IsWhiteSpace);
}
