using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Hosting;

/// <summary>What the operator chose: <c>appsettings.json</c>, then the environment, then options of the command line.</summary>
internal sealed record ServiceOptions
{
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>The data folder. Default <c>./data</c>.</summary>
    public string Data { get; init; } = "./data";

    public ExchangeOptions Exchange { get; init; } = new();

    public ReferenceOptions Reference { get; init; } = new();

    public LogOptions Log { get; init; } = new();

    /// <summary>How to reach Kafka; read when <c>Log:Kind</c> is Kafka.</summary>
    public KafkaOptions Kafka { get; init; } = new();

    public WarehouseOptions Warehouse { get; init; } = new();

    /// <summary>How to reach Snowflake; checked when <c>Warehouse:Target</c> is Snowflake, and by the commands that are about it.</summary>
    public SnowflakeOptions Snowflake { get; init; } = new();

    public HealthOptions Health { get; init; } = new();

    /// <summary>Time for the whole drain at a stop; what is not in the log by then counts as missing and is fetched at the next start. Default 20 s; up to 1 day.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Every fault, each saying what to do; none when the service can start.</summary>
    public IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(Data)) yield return "Data: the folder is empty; set --data";
        foreach (var fault in Exchange.Validate()) yield return $"Exchange: {fault}";
        if (Reference.File is { } file && string.IsNullOrWhiteSpace(file)) yield return "Reference: File is empty; name a file or leave it out";
        if (!IsWithin(Reference.Interval, ShortestInterval)) yield return $"Reference: Interval {Reference.Interval} is not within 50 ms to 1 day";
        if (Log.Kind == LogKind.Kafka)
        {
            foreach (var fault in Kafka.Validate()) yield return $"Kafka: {fault}";
        }

        if (Log.Partitions is < 1 or > 1024) yield return $"Log: Partitions {Log.Partitions} is not within 1 to 1,024";
        if (Log.MaxBytes < 1 << 20) yield return $"Log: MaxBytes {Log.MaxBytes} is under 1 MiB";
        if (Log.MaxAge < TimeSpan.Zero || Log.MaxAge.TotalDays > 3650) yield return $"Log: MaxAge {Log.MaxAge} is not within 0 to 3,650 days";
        if (!IsWithin(Log.TrimInterval, ShortestInterval)) yield return $"Log: TrimInterval {Log.TrimInterval} is not within 50 ms to 1 day";
        foreach (var fault in Warehouse.Validate()) yield return $"Warehouse: {fault}";
        if (Warehouse.Target == WarehouseTarget.Snowflake)
        {
            foreach (var fault in Snowflake.Validate()) yield return fault;
        }

        foreach (var fault in Health.Validate()) yield return $"Health: {fault}";
        if (Reference.ChangeEventsTopic is not null && Log.Kind != LogKind.Kafka) yield return "Reference: ChangeEventsTopic needs CRYPTO__Log__Kind=Kafka";
        if (!IsWithin(DrainTimeout, TimeSpan.FromMilliseconds(1))) yield return $"DrainTimeout {DrainTimeout} is not within 1 ms to 1 day";
    }

    /// <summary>Whether a wait is neither too short nor longer than a day: timers take 49 days at most.</summary>
    internal static bool IsWithin(TimeSpan value, TimeSpan from) => value >= from && value <= TimeSpan.FromDays(1);
}

internal sealed record ExchangeOptions
{
    /// <summary>Base of the streams. Default <c>wss://stream.binance.com:9443</c>; <c>--ws</c>.</summary>
    public string WebSocket { get; init; } = "wss://stream.binance.com:9443";

    /// <summary>Base of the REST calls. Default <c>https://api.binance.com</c>; <c>--rest</c>.</summary>
    public string Rest { get; init; } = "https://api.binance.com";

    /// <summary>Tickers separated by commas, or <c>ALL</c> for every one that trades. Default five large ones; <c>--symbols</c>.</summary>
    public string Symbols { get; init; } = "BTCUSDT,ETHUSDT,BNBUSDT,SOLUSDT,XRPUSDT";

    /// <summary>How often the list of symbols is read again. Default one hour; 1 second to 1 day.</summary>
    public TimeSpan InfoInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The socket behind the streams: the platform's <c>ClientWebSocket</c>, or <c>WebsocketClient</c> in builds that carry that
    /// package. Default <c>ClientWebSocket</c>.
    /// </summary>
    public string Transport { get; init; } = WebSocketTransport.Default;

    public TradeChannelOptions Channel { get; init; } = new();

    public ExchangeClockOptions Clock { get; init; } = new();

    public IReadOnlyList<string> Tickers => [.. Symbols
        .Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(ticker => ticker.ToUpperInvariant())
        .Distinct(StringComparer.Ordinal)];

    public BinanceTradeStreamOptions Stream => new() { Endpoint = new Uri(WebSocket), DeadLetterBytes = Channel.DeadLetters.PayloadBytes };

    /// <summary>An unconnected socket whose trades go into <paramref name="channel"/>.</summary>
    public IWebSocketConnection Connect(TradeChannel channel)
    {
        var connection = WebSocketTransport.Create(Transport, Stream);
        return Channel.Policy == FullPolicy.Wait ? new PacedConnection(connection, channel) : connection;
    }

    public IEnumerable<string> Validate()
    {
        if (HoldsUser(WebSocket)) yield return "WebSocket holds a user name or password, which are never sent; remove them from --ws";
        else if (!Uri.TryCreate(WebSocket, UriKind.Absolute, out var socket) || socket.Scheme is not ("ws" or "wss"))
        {
            yield return $"'{WebSocket}' is no WebSocket address such as wss://stream.binance.com:9443; set --ws";
        }
        else
        {
            foreach (var fault in Stream.Validate()) yield return fault;
        }

        if (HoldsUser(Rest)) yield return "Rest holds a user name or password, which are never sent; remove them from --rest";
        else if (!Uri.TryCreate(Rest, UriKind.Absolute, out var rest) || rest.Scheme is not ("http" or "https"))
        {
            yield return $"'{Rest}' is no HTTP address such as https://api.binance.com; set --rest";
        }
        else if (rest.Query.Length > 0)
        {
            yield return "Rest has a query, which is never sent; remove it from --rest";
        }

        if (WebSocketTransport.FaultOf(Transport) is { } unavailable) yield return unavailable;
        if (Tickers.Count == 0) yield return "no symbols; set --symbols BTCUSDT,ETHUSDT or ALL";
        if (!ServiceOptions.IsWithin(InfoInterval, TimeSpan.FromSeconds(1)))
        {
            yield return $"InfoInterval {InfoInterval} is not within 1 second to 1 day";
        }

        foreach (var fault in Clock.Validate()) yield return fault;
        foreach (var fault in Channel.Validate()) yield return $"Channel: {fault}";
    }

    // Where it is no address, anything before an @ may be a password.
    private static bool HoldsUser(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0
        ? uri.UserInfo.Length > 0
        : address.Contains('@', StringComparison.Ordinal);
}

internal sealed record ReferenceOptions
{
    /// <summary>The reference file. Default <c>symbols.csv</c> in the data folder; it need not exist.</summary>
    public string? File { get; init; }

    /// <summary>A file of change events of a database, one JSON object per line, to which a connector appends. Default none.</summary>
    public string? ChangeEvents { get; init; }

    /// <summary>A topic of change events of a database, as a Debezium connector writes it; its whole name. Default none.</summary>
    public string? ChangeEventsTopic { get; init; }

    /// <summary>How often the files are looked at. Default 1 s; 50 ms to 1 day.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);
}

internal enum LogKind
{
    /// <summary>A file in the data folder; all roles in one process.</summary>
    Embedded,

    /// <summary>A Kafka cluster; roles may run in processes of their own.</summary>
    Kafka,
}

internal sealed record LogOptions
{
    /// <summary>What the trade log is. Default a file in the data folder.</summary>
    public LogKind Kind { get; init; }

    /// <summary>
    /// Partitions of the topics of trades and dead letters, fixed when the log is created; 1 to 1,024. Default 1 in a file, and in
    /// Kafka what the topics have, or 6 for new ones.
    /// </summary>
    public int? Partitions { get; init; }

    /// <summary>Bytes kept per partition once they are in the warehouse. Default 1 GiB; from 1 MiB.</summary>
    public long MaxBytes { get; init; } = 1L << 30;

    /// <summary>Age of records kept per partition once they are in the warehouse. Default seven days; up to 3,650.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How often old records are removed. Default one minute; 50 ms to 1 day.</summary>
    public TimeSpan TrimInterval { get; init; } = TimeSpan.FromMinutes(1);

    public TrimPolicy Trim => new(MaxBytes, MaxAge);
}

internal enum WarehouseTarget
{
    /// <summary>A file in the data folder.</summary>
    Embedded,

    /// <summary>Snowflake, as section <c>Snowflake</c> says.</summary>
    Snowflake,
}

internal sealed record WarehouseOptions
{
    /// <summary>Where trades land. Default a file in the data folder.</summary>
    public WarehouseTarget Target { get; init; }

    /// <summary>Quote assets that count as US dollars, separated by commas. Default the dollar and its stablecoins.</summary>
    public string PeggedAssets { get; init; } = string.Join(',', UsdAmount.DefaultPeggedAssets);

    public IReadOnlyList<string> Pegged => PeggedAssets.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Most facts that one set of changes may bind to another version; beyond, nothing is applied. Default 1,000,000.</summary>
    public long RekeyLimit { get; init; } = 1_000_000;

    /// <summary>
    /// Which sources may state which attribute, by column and source name separated by commas: <c>sector = reference_file</c>. Attributes
    /// left out keep their default owners.
    /// </summary>
    public IReadOnlyDictionary<string, string> Owners { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public AttributeOwnership Ownership => AttributeOwnership.Default.With(Owners.Select(pair => KeyValuePair.Create(
        SymbolAttributes.TryParse(pair.Key, out var attribute) ? attribute : throw new FormatException($"'{pair.Key}' is no attribute of a symbol."),
        pair.Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ChangeSources.Parse))));

    public IEnumerable<string> Validate()
    {
        if (RekeyLimit < 0) yield return $"RekeyLimit {RekeyLimit} is negative";
        foreach (var (column, sources) in Owners)
        {
            if (!SymbolAttributes.TryParse(column, out _))
            {
                yield return $"Owners: '{column}' is none of {string.Join(", ", SymbolAttributes.All.Select(attribute => attribute.Column()))}";
            }

            foreach (var source in sources.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!ChangeSources.TryParse(source, out _)) yield return $"Owners: '{source}' is none of exchange_info, reference_file, change_data_capture";
            }
        }
    }
}
