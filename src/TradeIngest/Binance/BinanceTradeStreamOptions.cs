using System.ComponentModel;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance;

/// <summary>How the trade stream connects and what it may ask of the exchange. Immutable.</summary>
internal sealed record BinanceTradeStreamOptions : IOptionRules
{
    /// <summary>Where to connect; a bare host gets <c>/stream</c> by itself.</summary>
    [Derived]
    public Uri Endpoint { get; init; } = new("wss://stream.binance.com:9443");

    /// <summary>The default is the exchange's limit.</summary>
    [Description("Symbols of one connection; fewer spread a burst over more cores.")]
    [Within("1", "1024")]
    public int StreamsPerConnection { get; init; } = 1024;

    /// <summary>The exchange closes above 5, and counts our pongs and keep-alive pings too.</summary>
    [Description("Control messages sent per second and connection.")]
    [Within("1", "4")]
    public int ControlMessagesPerSecond { get; init; } = 3;

    /// <summary>Larger ones than the range allows were seen to be ignored without an error.</summary>
    [Description("Largest control message.")]
    [BytesWithin("256B", "4095B")]
    public int ControlMessageBytes { get; init; } = 4000;

    [Description("Most trades of one batch, 64 bytes each.")]
    [Within("1", "65536")]
    public int BatchCapacity { get; init; } = 1024;

    [Description("Largest message taken in; a larger one is a dead letter.")]
    [BytesWithin("1KiB", "64MiB")]
    public int MessageBytes { get; init; } = MessageBuffer.DefaultBound;

    /// <summary>Bytes kept of a message that becomes a dead letter: 256 B to 512 KiB.</summary>
    [Derived]
    public int DeadLetterBytes { get; init; } = DeadLetter.DefaultPayloadBytes;

    /// <summary>A connection of rare symbols that answers is alive, however long no trade comes.</summary>
    [Description("Interval of the pings sent, and as long again for the answer; a connection that gives none is lost.")]
    [Within("1s", "5m")]
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    [Description("Time to connect.")]
    [Within("100ms", "2m")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    [Description("Time for the answer to one control message.")]
    [Within("100ms", "1m")]
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    [Description("Time for a polite close before the socket is cut.")]
    [Within("0s", "1m")]
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longer for symbols that trade in fewer sixths of it; rare ones are not judged.</summary>
    [Description("Silence of a busy symbol, judged by its own rate, before its connection is replaced by a new one; infinite for never.")]
    [Within("1s", "1d", Or = "infinite")]
    public TimeSpan QuietAfter { get; init; } = TimeSpan.FromSeconds(30);

    [Description("Rise of the latency, from the event to its receipt, that is too much when it lasts for LateAfter.")]
    [Within("1ms", "1h")]
    public TimeSpan LateBy { get; init; } = TimeSpan.FromSeconds(3);

    [Description("A connection whose trades are late by LateBy for so long is replaced by a new one; infinite for never.")]
    [Within("1s", "1d", Or = "infinite")]
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(30);

    [Description("Smallest delay before a reconnect; at most MaximumBackoff.")]
    [Within("10ms", "10m")]
    public TimeSpan MinimumBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    [Description("Largest delay before a reconnect.")]
    [Within("10ms", "10m")]
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(30);

    [Description("A connection that lived so long starts the backoff anew.")]
    [Within("0s", "1d")]
    public TimeSpan HealthyAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Up to a tenth less, drawn per connection. The exchange cuts at 24 h.</summary>
    [Description("Age at which a connection is replaced by a new one that overlaps it.")]
    [Within("1s", "1430m")]
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromHours(23);

    /// <summary>The exchange's limit is 300 per address.</summary>
    [Description("Connection attempts within 5 minutes over all connections.")]
    [Within("1", "300")]
    public int AttemptsPerFiveMinutes { get; init; } = 250;

    public IEnumerable<OptionFault> Faults()
    {
        if (MinimumBackoff > MaximumBackoff) yield return new(nameof(MinimumBackoff), "is more than MaximumBackoff");
    }
}
