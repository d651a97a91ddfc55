namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>What a client asked of its connection. Guarded by the connection's lock.</summary>
internal sealed class StreamState(Subscriptions subscriptions, bool isCombined, bool microseconds)
{
    public Subscriptions Subscriptions { get; } = subscriptions;

    /// <summary>
    /// Whether events are wrapped with a stream's name: from the start under <c>/stream</c>, on request under <c>/ws</c>.
    /// </summary>
    public bool IsCombined { get; set; } = isCombined;

    public StreamVariant Variant =>
        (IsCombined ? StreamVariant.Combined : StreamVariant.Raw) | (microseconds ? StreamVariant.Microseconds : StreamVariant.Raw);
}
