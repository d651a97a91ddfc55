namespace Crypto.TradeIngest.Simulation;

/// <summary>The unit of times a client may choose, by URL for streams and by header for REST.</summary>
internal static class TimeUnit
{
    /// <returns>False when the text names no unit. None at all means milliseconds.</returns>
    public static bool TryParse(string? text, out bool microseconds)
    {
        microseconds = string.Equals(text, "MICROSECOND", StringComparison.OrdinalIgnoreCase);
        return microseconds || string.IsNullOrEmpty(text) || string.Equals(text, "MILLISECOND", StringComparison.OrdinalIgnoreCase);
    }
}
