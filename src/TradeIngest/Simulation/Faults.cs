using System.Collections.Immutable;
using System.Net;
using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation;

/// <summary>Requests answered with an HTTP status.</summary>
/// <param name="RetryAfter">Sent with it. Null for none.</param>
internal sealed record StatusFault(int Status, Chance Chance, TimeSpan? RetryAfter);

/// <summary>What is wrong with the list of symbols that <c>exchangeInfo</c> answers with.</summary>
internal enum ListFault
{
    None,
    Empty,
    Short,
    Twice,
}

/// <summary>
/// Misbehavior on request: as <see cref="FaultTable"/> reads it for users, and as tests of clients set it. Takes effect at once, unless a
/// member says otherwise. Thread-safe.
/// </summary>
/// <param name="seed">Chooses the events that are hit.</param>
internal sealed class Faults(long seed)
{
    private readonly Lock _planning = new();
    private int _failures;
    private HttpStatusCode _failure;

    /// <summary>By how much everything that is sent is late. Default not at all.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Trades that are kept from the streams.</summary>
    public Chance Drop { get; set; } = Chance.Never;

    /// <summary>Trades whose frame breaks off.</summary>
    public Chance Malformed { get; set; } = Chance.Never;

    /// <summary>Trades that are followed by one of a symbol that nobody subscribed to.</summary>
    public Chance Foreign { get; set; } = Chance.Never;

    /// <summary>Age at which a connection is announced its end and closed. Default 24 hours.</summary>
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Age at which a connection falls silent and stays open. Default never.</summary>
    public TimeSpan Stall { get; set; } = TimeSpan.MaxValue;

    /// <summary>How often one open connection is cut. Default never. Set before the start.</summary>
    public TimeSpan? Disconnect { get; set; }

    /// <summary>Whether that is a closing handshake, and no reset.</summary>
    public bool DisconnectCloses { get; set; }

    public ImmutableArray<StatusFault> UpgradeStatuses { get; set; } = [];

    public ImmutableArray<StatusFault> RestStatuses { get; set; } = [];

    /// <summary>The same with a page for people in place of JSON.</summary>
    public ImmutableArray<StatusFault> RestPages { get; set; } = [];

    /// <summary>REST replies whose body never ends.</summary>
    public Chance RestStall { get; set; } = Chance.Never;

    /// <summary>Lists that REST answers with nothing in them.</summary>
    public Chance RestShort { get; set; } = Chance.Never;

    /// <summary>Bytes per second of a REST body. Default as many as the client takes.</summary>
    public int? RestSlow { get; set; }

    /// <summary>By how much REST is behind the streams. Default not at all. Set before the start.</summary>
    public TimeSpan? RestLag { get; set; }

    public ListFault ExchangeInfo { get; set; }

    /// <summary>Tickers that are listed and begin to trade only some time after the start. Set before the start.</summary>
    public ImmutableDictionary<string, TimeSpan> List { get; set; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>Tickers that cease to trade, and are not listed any more, some time after the start. Set before the start.</summary>
    public ImmutableDictionary<string, TimeSpan> Delist { get; set; } = ImmutableDictionary<string, TimeSpan>.Empty;

    public Chance NewChance(string name, double share) => new(Noise.Seed(seed, name), share);

    /// <summary>The fault that hits the event, the first of several.</summary>
    public static StatusFault? Find(ImmutableArray<StatusFault> faults, long index)
    {
        foreach (var fault in faults)
        {
            if (fault.Chance.Hits(index)) return fault;
        }

        return null;
    }

    /// <summary>Answers the next REST requests with an HTTP status, such as 500, and no further effect.</summary>
    public void FailNextRequests(int count, HttpStatusCode status)
    {
        lock (_planning) (_failures, _failure) = (count, status);
    }

    public bool TryTakeFailure(out HttpStatusCode status)
    {
        lock (_planning)
        {
            status = _failure;
            if (_failures == 0) return false;
            _failures--;
            return true;
        }
    }
}
