namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>Names of streams: the symbol in lower case, an at sign, the kind of event.</summary>
internal static class StreamNames
{
    /// <summary>Such as <c>btcusdt@trade</c>.</summary>
    public static string Trade(string ticker) => ticker.ToLowerInvariant() + "@trade";

    /// <summary>
    /// Whether a name could be that of a stream. The exchange accepts any such name in silence, also of symbols it does not list.
    /// </summary>
    public static bool IsWellFormed(string name) =>
        (name.StartsWith('!') || name.IndexOf('@', StringComparison.Ordinal) > 0) && !name.Any(char.IsWhiteSpace);
}
