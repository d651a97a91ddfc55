using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Tests.Log.Kafka;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// A simulated exchange in a process of its own, brokers (mock ones in this process, or those at <c>CRYPTO_TEST_KAFKA</c>), and roles
/// of the executable on one data folder.
/// </summary>
internal sealed class KafkaDeployment : IAsyncDisposable
{
    private readonly Dictionary<string, string> _environment;
    private readonly TradeIngestProcess? _exchange;
    private readonly string[] _bases;
    private readonly List<TradeIngestProcess> _started = [];
    private bool _readsSymbolsFromFile;

    private KafkaDeployment(
        TemporaryFolder folder, MockCluster? mock, Dictionary<string, string> environment, TradeIngestProcess? exchange, string[] bases)
    {
        Folder = folder;
        Mock = mock;
        _environment = environment;
        _exchange = exchange;
        _bases = bases;
    }

    public TemporaryFolder Folder { get; }

    /// <summary>Null on real brokers.</summary>
    public MockCluster? Mock { get; }

    public string Data => Folder["data"];

    /// <param name="rate">Trades per second, of three symbols together.</param>
    /// <param name="needsMock">Whether the test plays with the brokers.</param>
    /// <param name="settings">More of the roles' environment.</param>
    public static async Task<KafkaDeployment> StartAsync(int rate, bool needsMock = false, params (string Name, string Value)[] settings)
    {
        var kafka = Start(needsMock, settings);
        var exchange = TradeIngestProcess.Start(
            kafka.Folder.FullName, "simulate", "--symbols", "BTCUSDT,ETHUSDT,SOLUSDT", "--rate", rate.ToString(
                CultureInfo.InvariantCulture), "--data", kafka.Data, "--json");
        var output = JsonDocument.Parse(await exchange.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        string[] bases = ["--ws", output.GetProperty("web_socket").GetString()!, "--rest", output.GetProperty("rest").GetString()!];
        return new KafkaDeployment(kafka.Folder, kafka.Mock, kafka._environment, exchange, bases);
    }

    /// <param name="exchange">One in the test's own process, so that the test may play with it; the caller's to dispose.</param>
    /// <param name="settings">More of the roles' environment.</param>
    public static KafkaDeployment Start(SimulatedExchange exchange, params (string Name, string Value)[] settings) =>
        Start(exchange, readsSymbolsFromFile: false, settings);

    /// <inheritdoc cref="Start(SimulatedExchange, ValueTuple{string, string}[])"/>
    /// <param name="readsSymbolsFromFile">Whether appsettings.json in the folder says what is captured; else it is everything.</param>
    public static KafkaDeployment Start(
        SimulatedExchange exchange, bool readsSymbolsFromFile, params (string Name, string Value)[] settings)
    {
        var kafka = Start(needsMock: false, settings);
        string[] bases =
        [
            "--ws", exchange.WsBase.GetLeftPart(UriPartial.Authority),
            "--rest", exchange.RestBase.GetLeftPart(UriPartial.Authority),
        ];
        return new KafkaDeployment(kafka.Folder, kafka.Mock, kafka._environment, null, bases)
        {
            _readsSymbolsFromFile = readsSymbolsFromFile,
        };
    }

    private static KafkaDeployment Start(bool needsMock, (string Name, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var real = needsMock ? null : Environment.GetEnvironmentVariable("CRYPTO_TEST_KAFKA") is { Length: > 0 } address ? address : null;
        var mock = real is null ? new MockCluster() : null;
        mock?.CreateTopic("stock_trades", 4);
        mock?.CreateTopic("stock_trades_dlq", 1);
        mock?.CreateTopic("symbol_changes", 1);
        mock?.CreateTopic("capture_state", 1);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CRYPTO__Log__Kind"] = "Kafka",
            ["CRYPTO__Kafka__BootstrapServers"] = real ?? mock!.BootstrapServers,
            ["CRYPTO__Kafka__Settings__SESSION_TIMEOUT_MS"] = "6000",
            ["CRYPTO__Kafka__Settings__HEARTBEAT_INTERVAL_MS"] = "500",
        };
        if (mock is not null)
        {
            // Mock brokers never answer.
            environment["CRYPTO__Kafka__ConfigTimeout"] = "00:00:00.1";
        }
        else
        {
            var name = $"test-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}-";
            environment["CRYPTO__Kafka__TopicPrefix"] = name;
            environment["CRYPTO__Kafka__Group"] = name + "sinks";
            environment["CRYPTO__Kafka__ReplicationFactor"] = "1";
        }

        foreach (var (setting, value) in settings) environment[setting] = value;
        return new KafkaDeployment(folder, mock, environment, null, []);
    }

    public TradeIngestProcess Start(params string[] roles)
    {
        string[] options = [.. roles.SelectMany(role => new[] { "--role", role }), .. _bases];
        string[] symbols = _readsSymbolsFromFile ? [] : ["--symbols", "ALL"];
        var process = TradeIngestProcess.Start(
            Folder.FullName, _environment, ["run", .. options, .. symbols, "--data", Data, "--json"]);
        _started.Add(process);
        return process;
    }

    /// <summary>Another command on the same configuration.</summary>
    public async Task<TradeIngestProcess.Result> RunAsync(params string[] arguments)
    {
        await using var process = TradeIngestProcess.Start(Folder.FullName, _environment, arguments);
        return await process.WaitAsync();
    }

    /// <summary>Facts, lag and whether ids are missing, asked of whatever warehouse there is.</summary>
    public async Task<(long Facts, long Lag, bool IsWhole)> ProgressAsync()
    {
        var status = (await StatusAsync()).ShouldExitWith(0).Json;
        var isWhole = status.GetProperty("symbols").EnumerateArray()
            .All(symbol => symbol.GetProperty("open_gaps").GetArrayLength() == 0 && symbol.GetProperty("coverage").GetArrayLength() == 1);
        return (status.GetProperty("totals").GetProperty("facts").GetInt64(), status.GetProperty("lag").GetInt64(), isWhole);
    }

    /// <summary>Asks the exchange.</summary>
    public Task<NewestTrades> NewestTradesAsync() => NewestTrades.ReadAsync(_bases[^1]);

    public Task<TradeIngestProcess.Result> StatusAsync() => RunAsync("status", "--data", Data, "--json");

    /// <summary>What the warehouse holds, read beside the sink; empty while there is none.</summary>
    public IReadOnlyList<SymbolCoverage> Coverage() => StoredTrades.Coverage(Data);

    public long Stored() => Coverage().Sum(symbol => symbol.Count(CoverageState.Stored));

    public bool HasOpenGaps() => Coverage().Any(symbol => symbol.OpenGaps.Count > 0 || symbol.Covered.Count > 1);

    /// <summary>Waits for a condition, and fails as soon as one of the processes that must live has ended.</summary>
    public async Task UntilAsync(Func<bool> condition, TimeSpan limit, params TradeIngestProcess[] alive)
    {
        using var late = new CancellationTokenSource(limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!condition())
        {
            foreach (var process in alive)
            {
                if (process.HasExited) Assert.Fail($"{await process.WaitAsync()}");
            }

            if (late.IsCancellationRequested) Assert.Fail($"Not within {limit}: {Stored()} stored. {(await StatusAsync()).Output}");
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Stops the ingest in good order, waits until the sink has loaded all, stops it too, and compares with the exchange. A stop while the
    /// ingest still sheds leaves a gap in the ledger, which its next start fetches.
    /// </summary>
    /// <returns>The last report of each ingest there was, oldest first.</returns>
    public async Task<IReadOnlyList<JsonElement>> DrainAndVerifyAsync(TradeIngestProcess ingest, TradeIngestProcess sink)
    {
        const int Starts = 10;
        var reports = new List<JsonElement>();
        while (true)
        {
            await UntilAsync(() => !HasOpenGaps(), TimeSpan.FromMinutes(4), ingest, sink);
            ingest.Signal(Signal.Terminate);
            var ended = (await ingest.WaitAsync()).ShouldExitWith(0);
            reports.Add(JsonDocument.Parse(ended.Output.TrimEnd().Split('\n')[^1]).RootElement);
            for (long lag = 1; lag != 0;)
            {
                lag = (await StatusAsync()).ShouldExitWith(0).Json.GetProperty("lag").GetInt64();
                Assert.IsFalse(sink.HasExited);
            }

            if (!HasOpenGaps() || reports.Count == Starts) break;
            ingest = Start("ingest");
        }

        sink.Signal(Signal.Terminate);
        (await sink.WaitAsync()).ShouldExitWith(0);
        foreach (var symbol in Coverage()) Assert.HasCount(1, symbol.Covered, $"{symbol.Key}");
        var verified = await RunAsync("verify", "--data", Data, "--json");
        Assert.IsTrue(verified.ShouldExitWith(0).Json.GetProperty("passed").GetBoolean());
        return reports;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started) await process.DisposeAsync();
        if (_exchange is not null) await _exchange.DisposeAsync();
        if (Mock is null) await DeleteTopicsAsync();
        Mock?.Dispose();
        Folder.Dispose();
    }

    private async Task DeleteTopicsAsync()
    {
        using var admin = new AdminClientBuilder(
            new AdminClientConfig { BootstrapServers = _environment["CRYPTO__Kafka__BootstrapServers"] }).Build();
        var ours = admin.GetMetadata(TimeSpan.FromSeconds(10)).Topics
            .Select(topic => topic.Topic)
            .Where(topic => topic.StartsWith(_environment["CRYPTO__Kafka__TopicPrefix"], StringComparison.Ordinal))
            .ToList();
        if (ours.Count > 0) await admin.DeleteTopicsAsync(ours);
    }
}
