namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>The forms a trade takes on the wire, as bits: each is rendered once and shared by the connections that want it.</summary>
[Flags]
internal enum StreamVariant : byte
{
    /// <summary>The bare event, times in milliseconds.</summary>
    Raw = 0,

    /// <summary>Wrapped with its stream's name.</summary>
    Combined = 1,

    /// <summary>Times in microseconds.</summary>
    Microseconds = 2,

    /// <summary>The event <c>aggTrade</c> in place of <c>trade</c>.</summary>
    Aggregate = 4,
}
