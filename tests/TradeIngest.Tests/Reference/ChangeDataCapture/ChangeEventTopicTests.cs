using Confluent.Kafka;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Reference.ChangeDataCapture;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Tests.Log.Kafka;
using Crypto.TradeModel.Quality;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Tests.Reference.ChangeDataCapture;

/// <summary>A connector's topic on mock brokers, read into <c>symbol_changes</c>.</summary>
[TestClass]
public sealed class ChangeEventTopicTests : IAsyncDisposable
{
    private const string Topic = "db.public.symbols";

    private readonly TestCluster _cluster = new();
    private KafkaTradeLog? _log;

    public TestContext TestContext { get; set; } = null!;

    private CancellationToken Stop => TestContext.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_log is not null) await _log.DisposeAsync();
        _cluster.Dispose();
    }

    [TestMethod]
    public async Task Run_EventsTombstonesAndNonsense_AppliesTheFirstAndKeepsTheLastAsDeadLetters()
    {
        await OpenAsync();
        await PublishAsync(Change("BTCUSDT", "LOW", 1), null, "{\"op\":", Change("ETHUSDT", "HIGH", 2), "{\"op\":\"u\"}");

        await ReadUntilAsync(metrics => metrics is { ChangeEvents.Value: 3, MalformedEvents.Value: 2 });

        var changes = await ChangesAsync();
        CollectionAssert.AreEquivalent(
            new[] { "BTCUSDT LOW", "ETHUSDT HIGH" }, changes.Select(
                change => $"{change.Key.Ticker} {change.Attributes[SymbolAttribute.RiskLevel]}").ToArray());
        var letters = new List<StoredLetter>();
        await foreach (var letter in new DeadLetters(_log!).ReadAsync(null, Stop)) letters.Add(letter);
        CollectionAssert.AreEquivalent(
            new[] { ErrorReason.MalformedJson, ErrorReason.WrongType }, letters.Select(letter => letter.Letter.Reason).ToArray());
        Assert.IsTrue(letters.Exists(letter => letter.Letter.Detail.StartsWith($"{Topic}/0 offset 2: ", StringComparison.Ordinal)
            && letter.Letter.Payload.AsSpan().SequenceEqual("{\"op\":"u8)));
    }

    [TestMethod]
    public async Task Run_StartedAgain_GoesOnAfterWhatWasApplied()
    {
        await OpenAsync();
        await PublishAsync(Change("BTCUSDT", "LOW", 1), "nonsense");
        await ReadUntilAsync(metrics => metrics is { ChangeEvents.Value: 1, MalformedEvents.Value: 1 });
        await PublishAsync(Change("BTCUSDT", "HIGH", 2));

        await ReadUntilAsync(metrics => metrics.ChangeEvents.Value == 1);

        Assert.HasCount(2, await ChangesAsync());
        Assert.AreEqual(1, (await _log!.OffsetsAsync(Topics.DeadLetters, 0, Stop)).Next);
    }

    [TestMethod]
    public async Task Run_LargeRecords_AreAppliedInPartsOfBoundedBytes()
    {
        await OpenAsync();
        await PublishAsync([.. Enumerable.Repeat(new string('x', 900_000), 25)]);

        await ReadUntilAsync(metrics => metrics.MalformedEvents.Value == 25);

        var letters = await new DeadLetters(_log!).ReadAsync(null, Stop).ToListAsync(Stop);
        Assert.HasCount(25, letters);
        Assert.IsTrue(letters.TrueForAll(letter => letter.Letter is { Length: 900_000, Payload.Length: 65_536 }));

        // Each part is one append, and has one time in the log.
        Assert.IsGreaterThanOrEqualTo(3, letters.Select(letter => letter.Letter.ReceivedTime).Distinct().Count());
    }

    private static string Change(string ticker, string risk, long position) =>
        $$"""{"before":null,"after":{"ticker":"{{ticker}}","risk_level":"{{risk}}"}"""
        + $$""","source":{"connector":"postgresql","ts_ms":{{1790446152000 + position}},"lsn":{{position}}},"op":"c"}""";

    private async Task OpenAsync()
    {
        _cluster.Mock!.CreateTopic(Topic, 1);
        _log = await _cluster.OpenAsync(
            TimeProvider.System, Stop, (Topics.StockTrades, 1), (Topics.DeadLetters, 1), (Topics.SymbolChanges, 1));
    }

    // Compressed, since a mock broker forgets what is beyond a few megabytes.
    private async Task PublishAsync(params string?[] values)
    {
        using var producer = new ProducerBuilder<Null, string?>(
                new ProducerConfig { BootstrapServers = _cluster.Options.BootstrapServers, CompressionType = CompressionType.Lz4 })
            .SetValueSerializer(new NullableText())
            .Build();
        foreach (var value in values) await producer.ProduceAsync(Topic, new Message<Null, string?> { Value = value }, Stop);
    }

    private async Task ReadUntilAsync(Func<ReferenceMetrics, bool> condition)
    {
        var metrics = new TradeIngestMetrics();
        await using var changes = new SymbolChangesTopic(_log!, metrics);
        using var stopping = new CancellationTokenSource();
        using var events = new ChangeEventTopic(
            _log!, Topic, changes, metrics.Reference, TimeProvider.System, NullLogger<ChangeEventTopic>.Instance);
        var running = events.RunAsync(stopping.Token);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition(metrics.Reference))
        {
            if (running.IsCompleted) await running;
            await timer.WaitForNextTickAsync(Stop);
        }

        await stopping.CancelAsync();
        await running;
    }

    private async Task<IReadOnlyList<SymbolChange>> ChangesAsync()
    {
        await using var changes = new SymbolChangesTopic(_log!, new TradeIngestMetrics());
        return await changes.ChangesAsync(ChangeSource.ChangeDataCapture, Stop);
    }

    private sealed class NullableText : ISerializer<string?>
    {
        public byte[]? Serialize(string? data, SerializationContext context) =>
            data is null ? null : System.Text.Encoding.UTF8.GetBytes(data);
    }
}
