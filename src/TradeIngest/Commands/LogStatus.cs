using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Sink;
using Crypto.Warehouse.Loading;
using Crypto.Warehouse.Sqlite;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Commands;

/// <summary>Where a partition of the log ends and how far the warehouse has loaded it.</summary>
/// <param name="Lag">Records not loaded, counted by offsets; where offsets skip, that is more than there are.</param>
internal sealed record LogStatus(string Topic, int Partition, long FirstOffset, long NextOffset, long Position, long Lag)
{
    /// <param name="stored">The warehouse's positions.</param>
    /// <param name="options">Which kind of log.</param>
    /// <param name="folder">Where it is, if a file.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="Warehouse.StorageException">The brokers are out of reach.</exception>
    public static async Task<IReadOnlyList<LogStatus>> ReadAsync(
        IReadOnlyList<KeyValuePair<LogPartition, long>> stored, ServiceOptions options, DataFolder folder,
        CancellationToken cancellationToken) =>
        options.Log.Kind == LogKind.Kafka ? await OfKafkaAsync(stored, options.Kafka, cancellationToken) : OfFile(stored, folder);

    /// <summary>Read beside a running writer.</summary>
    private static List<LogStatus> OfFile(IReadOnlyList<KeyValuePair<LogPartition, long>> stored, DataFolder folder)
    {
        var loaded = stored.ToDictionary(pair => (pair.Key.Epoch, pair.Key.Topic, pair.Key.Partition), pair => pair.Value);
        var positions = new List<LogStatus>();
        using var log = SqliteDatabase.FindForReading(folder.Log);
        if (log is null) return positions;
        using var ends = log.Prepare(
            "SELECT epoch, topic, partition, first_offset, next_offset FROM LOG_ENDS, LOG_INFO ORDER BY topic, partition");
        while (ends.Step())
        {
            var (epoch, topic, partition) = (ends.GetText(0), ends.GetText(1), ends.GetInt32(2));
            var range = new OffsetRange(ends.GetInt64(3), ends.GetInt64(4));
            positions.Add(Of(topic, partition, range, loaded.GetValueOrDefault((epoch, topic, partition), range.First)));
        }

        return positions;
    }

    /// <summary>Asks the brokers; topics that are missing are left out.</summary>
    private static async Task<List<LogStatus>> OfKafkaAsync(
        IReadOnlyList<KeyValuePair<LogPartition, long>> stored, KafkaOptions options, CancellationToken cancellationToken)
    {
        // The failure says it once; librdkafka would say it with every attempt.
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Critical);
        await using var log = await KafkaTradeLog.FindAsync(
            options, TimeProvider.System, loggers.CreateLogger<KafkaTradeLog>(), cancellationToken);
        var positions = new List<LogStatus>();
        foreach (var topic in log.TopicNames.Where(name => name is Topics.StockTrades or Topics.DeadLetters).Order(StringComparer.Ordinal))
        {
            var loaded = SinkPositions.Current(stored, log, topic);
            for (var partition = 0; partition < log.PartitionsOf(topic); partition++)
            {
                var range = await log.OffsetsAsync(topic, partition, cancellationToken);
                positions.Add(Of(topic, partition, range, loaded.TryGetValue(partition, out var position) ? position : range.First));
            }
        }

        return positions;
    }

    private static LogStatus Of(string topic, int partition, OffsetRange range, long position) =>
        new(topic, partition, range.First, range.Next, position, range.Next - position);
}
