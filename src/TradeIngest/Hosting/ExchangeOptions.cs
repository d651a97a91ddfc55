using System.ComponentModel;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Hosting;

/// <summary>Which exchange, which symbols, and how the two are followed.</summary>
internal sealed record ExchangeOptions : IOptionRules
{
    private readonly BinanceTradeStreamOptions _stream = new();

    [Description("Base of the streams; --ws.")]
    [Address]
    public string WebSocket { get; init; } = "wss://stream.binance.com:9443";

    [Description("Base of the REST calls; --rest.")]
    [Address]
    public string Rest { get; init; } = "https://api.binance.com";

    [Description("Tickers and patterns such as *USDT separated by commas, or ALL for every one that trades; --symbols.")]
    public string Symbols { get; init; } = "BTCUSDT,ETHUSDT,BNBUSDT,SOLUSDT,XRPUSDT";

    [Description("Tickers and patterns that are not captured although Symbols selects them; --exclude.")]
    public string Exclude { get; init; } = "";

    [Description("How often the list of symbols is read again.")]
    [Within("1s", "1d")]
    public TimeSpan InfoInterval { get; init; } = TimeSpan.FromHours(1);

    [Description("Percent of the known symbols that one list may lack and be believed at once; a larger drop needs a second list.")]
    [Within("0", "100")]
    public int MaxDelistedPercent { get; init; } = 10;

    [Description("The socket behind the streams: ClientWebSocket, or WebsocketClient in builds that have it.")]
    public string Transport { get; init; } = WebSocketTransport.Default;

    public ExchangeClockOptions Clock { get; init; } = new();

    /// <summary>With the endpoint and the bound that other options state.</summary>
    public BinanceTradeStreamOptions Stream
    {
        get => _stream with
        {
            Endpoint = SocketAddress ?? _stream.Endpoint,
            DeadLetterBytes = Channel.DeadLetters.PayloadBytes,
        };
        init => _stream = value;
    }

    public TradeChannelOptions Channel { get; init; } = new();

    public GapBackfillOptions Backfill { get; init; } = new();

    public SymbolRules Rules => new(SymbolPattern.Parse(Symbols), SymbolPattern.Parse(Exclude), []);

    // Null where it is none.
    private Uri? SocketAddress =>
        Uri.TryCreate(WebSocket, UriKind.Absolute, out var address) && address.Scheme is "ws" or "wss" ? address : null;

    public IEnumerable<OptionFault> Faults()
    {
        if (HoldsUser(WebSocket)) yield return new(
            nameof(WebSocket), "holds a user name or password, which are never sent; remove them from --ws");
        else if (SocketAddress is null)
        {
            yield return new(nameof(WebSocket), $"'{WebSocket}' is no WebSocket address such as wss://stream.binance.com:9443; set --ws");
        }

        if (HoldsUser(Rest)) yield return new(nameof(Rest), "holds a user name or password, which are never sent; remove them from --rest");
        else if (!Uri.TryCreate(Rest, UriKind.Absolute, out var rest) || rest.Scheme is not ("http" or "https"))
        {
            yield return new(nameof(Rest), $"'{Rest}' is no HTTP address such as https://api.binance.com; set --rest");
        }
        else if (rest.Query.Length > 0) yield return new(nameof(Rest), "has a query, which is never sent; remove it from --rest");

        if (WebSocketTransport.FaultOf(Transport) is { } unavailable) yield return new(nameof(Transport), unavailable);

        if (Rules.Symbols.Count == 0) yield return new(nameof(Symbols), "there is none; set --symbols BTCUSDT,ETHUSDT or ALL");

        // A ticker with other letters is looked up: what the exchange lists that is like it says more.
        var patterns = Rules.Symbols.Where(pattern => !SymbolPattern.IsTicker(pattern));
        foreach (var fault in patterns.Select(SymbolPattern.FaultOf).OfType<string>()) yield return new(nameof(Symbols), fault);

        foreach (var fault in Rules.Exclude.Select(SymbolPattern.FaultOf).OfType<string>()) yield return new(nameof(Exclude), fault);
    }

    // Where it is no address, anything before an @ may be a password.
    private static bool HoldsUser(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0
        ? uri.UserInfo.Length > 0
        : address.Contains('@', StringComparison.Ordinal);
}
