using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Binance;

/// <summary>How the trade stream connects and what it may ask of the exchange. Immutable; <see cref="Validate"/> before use.</summary>
internal sealed record BinanceTradeStreamOptions
{
    /// <summary>Where to connect. Default <c>wss://stream.binance.com:9443</c>; a bare host gets <c>/stream</c> by itself.</summary>
    public Uri Endpoint { get; init; } = new("wss://stream.binance.com:9443");

    /// <summary>Symbols of one connection. Default 1,024, the exchange's limit; 1 to 1,024. Fewer spread a burst over more cores.</summary>
    public int StreamsPerConnection { get; init; } = 1024;

    /// <summary>
    /// Control messages we send per second and connection. Default 3, 1 to 4: the exchange closes above 5, and counts our pongs
    /// and keep-alive pings too.
    /// </summary>
    public int ControlMessagesPerSecond { get; init; } = 3;

    /// <summary>Largest control message in bytes. Default 4,000, 256 to 4,095: larger ones were seen to be ignored in silence.</summary>
    public int ControlMessageBytes { get; init; } = 4000;

    /// <summary>Most trades of one batch. Default 1,024 (64 kB); 1 to 65,536.</summary>
    public int BatchCapacity { get; init; } = 1024;

    /// <summary>Largest message taken in; above it a dead letter. Default 1 MiB; 1 kB to 64 MiB.</summary>
    public int MessageBytes { get; init; } = MessageBuffer.DefaultBound;

    /// <summary>Bytes kept of a message that becomes a dead letter. Default 64 KiB; 256 B to 512 KiB.</summary>
    public int DeadLetterBytes { get; init; } = DeadLetter.DefaultPayloadBytes;

    /// <summary>Interval of our own pings, and as long again for the answer. Default 15 s; 1 s to 5 min.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time to connect. Default 10 s; 100 ms to 2 min.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for the answer to one control message. Default 5 s; 100 ms to 1 min.</summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time for a polite close before the socket is cut. Default 2 s; 0 to 1 min.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// A connection without any message for so long is replaced. Default 60 s; 1 s to 1 day, or
    /// <see cref="Timeout.InfiniteTimeSpan"/> when only rarely traded symbols are captured: pings cannot be seen from here.
    /// </summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Smallest delay before a reconnect. Default 250 ms; 10 ms to <see cref="MaximumBackoff"/>.</summary>
    public TimeSpan MinimumBackoff { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Largest delay before a reconnect. Default 30 s; up to 10 min.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A connection that lived so long starts the backoff anew. Default 60 s; 0 to 1 day.</summary>
    public TimeSpan HealthyAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Age at which a connection is replaced by a new one that overlaps it; up to a tenth less, drawn per connection. Default
    /// 23 h; 1 s to 23 h 50 min: the exchange cuts at 24 h.
    /// </summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromHours(23);

    /// <summary>Connection attempts within 5 minutes over all shards. Default 250, 1 to 300: the exchange's limit per address.</summary>
    public int AttemptsPerFiveMinutes { get; init; } = 250;

    /// <summary>Every fault, each with the range it leaves; none when the options can be used.</summary>
    public IEnumerable<string> Validate()
    {
        if (!Endpoint.IsAbsoluteUri || Endpoint.Scheme is not ("ws" or "wss" or "http" or "https"))
        {
            yield return $"{nameof(Endpoint)} '{Endpoint}' is not a WebSocket address such as wss://stream.binance.com:9443";
        }

        foreach (var (name, value, from, to) in new[]
        {
            (nameof(StreamsPerConnection), StreamsPerConnection, 1, 1024),
            (nameof(ControlMessagesPerSecond), ControlMessagesPerSecond, 1, 4),
            (nameof(ControlMessageBytes), ControlMessageBytes, 256, 4095),
            (nameof(BatchCapacity), BatchCapacity, 1, 65_536),
            (nameof(MessageBytes), MessageBytes, 1024, 64 << 20),
            (nameof(DeadLetterBytes), DeadLetterBytes, 256, 512 << 10),
            (nameof(AttemptsPerFiveMinutes), AttemptsPerFiveMinutes, 1, 300),
        })
        {
            if (value < from || value > to) yield return $"{name} {value} is not within {from} to {to}";
        }

        foreach (var (name, value, from, to) in new[]
        {
            (nameof(KeepAlive), KeepAlive, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
            (nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2)),
            (nameof(ReplyTimeout), ReplyTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1)),
            (nameof(CloseTimeout), CloseTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(1)),
            (nameof(MinimumBackoff), MinimumBackoff, TimeSpan.FromMilliseconds(10), MaximumBackoff),
            (nameof(MaximumBackoff), MaximumBackoff, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(10)),
            (nameof(HealthyAfter), HealthyAfter, TimeSpan.Zero, TimeSpan.FromDays(1)),
            (nameof(ConnectionLifetime), ConnectionLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes((24 * 60) - 10)),
        })
        {
            if (value < from || value > to) yield return $"{name} {value} is not within {from} to {to}";
        }

        var watchesSilence = SilenceTimeout != Timeout.InfiniteTimeSpan;
        if (watchesSilence && (SilenceTimeout < TimeSpan.FromSeconds(1) || SilenceTimeout > TimeSpan.FromDays(1)))
        {
            yield return $"{nameof(SilenceTimeout)} {SilenceTimeout} is neither infinite nor within 1 second to 1 day";
        }
    }
}
