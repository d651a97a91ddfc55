using System.Net;
using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation;

/// <summary>What kind of exchange to run. The limits default to those the real one documents.</summary>
internal sealed record SimulatedExchangeOptions
{
    /// <summary>Chooses one of the possible markets. Default 1. Unused when <see cref="Continues"/> or <see cref="Tape"/> is set.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Tickers to list: well-known pairs or any <c>&lt;BASE&gt;&lt;QUOTE&gt;</c>. Default all well-known ones.</summary>
    public IReadOnlyList<string> Symbols { get; init; } = ListingCatalog.Tickers;

    /// <summary>
    /// Trades per second over all symbols, 0.001 to 10 million, from the moment the exchange has started; or null, the default,
    /// for as many as the connections take: trades then happen only while at least one trade stream is subscribed to.
    /// </summary>
    public double? Rate { get; init; }

    /// <summary>Ends the market after exactly this number of trades, split over the symbols in order of time. Default none.</summary>
    public long? TotalTrades { get; init; }

    /// <summary>A market to continue with one more session, as loaded from its file. Default none: a new market.</summary>
    public MarketDescription? Continues { get; init; }

    /// <summary>The index <c>k</c> each ticker starts at. Default 0.</summary>
    public IReadOnlyDictionary<string, long>? FirstK { get; init; }

    /// <summary>
    /// Given the description of a generated market: at the start, before trades happen that the one given last does not cover (every second
    /// or 16,384 trades), and with the exact end when the market is halted. When it returns, the description is to be on the disk.
    /// Default none.
    /// </summary>
    public Action<MarketDescription>? Keep { get; init; }

    /// <summary>Recorded trades to serve in place of generated ones. Default none.</summary>
    public ITradeTape? Tape { get; init; }

    /// <summary>How many times faster than recorded a <see cref="Tape"/> runs; null for as fast as clients take it. Default 1.</summary>
    public double? Speed { get; init; } = 1;

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>TCP port for streams and REST. Default 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>Misbehavior from the start. Default none, until a test asks for some.</summary>
    public Faults? Faults { get; init; }

    /// <summary>Default 20 seconds.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a ping may go unanswered before its connection is closed. Default 60 seconds.</summary>
    public TimeSpan PongTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a client may take to answer a close, before it is cut off. Default 5 seconds.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Frames a client may send within a second, pings and pongs included. Default 5.</summary>
    public int MessagesPerSecond { get; init; } = 5;

    /// <summary>Streams a connection may have. Default 1,024.</summary>
    public int StreamsPerConnection { get; init; } = 1024;

    /// <summary>Connection attempts of one address within five minutes. Default 300.</summary>
    public int ConnectionsPerFiveMinutes { get; init; } = 300;

    /// <summary>REST weight of one address within a minute of the clock. Default 6,000.</summary>
    public int WeightPerMinute { get; init; } = 6000;

    /// <summary>Requests refused with 429 within a minute after which the address is banned with 418. Default 5.</summary>
    public int RefusalsBeforeBan { get; init; } = 5;

    /// <summary>Length of a first ban; each further one is twice as long, up to three days. Default 2 minutes.</summary>
    public TimeSpan Ban { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Bytes that may wait for a client before it is cut off. Default 16 MB: some 100,000 trades.</summary>
    public int OutboundLimit { get; init; } = 16 * 1024 * 1024;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Whether trades happen by the clock and not by what the connections take.</summary>
    public bool IsPaced => Tape is null ? Rate is not null : Speed is not null;

    /// <summary>
    /// Trades per second of the market's own time. At full speed that time runs at a million trades a second, more than any
    /// client takes, so that no trade is dated in the future.
    /// </summary>
    public double MarketRate => Tape is null ? Rate ?? 1_000_000 : 100_000;
}
