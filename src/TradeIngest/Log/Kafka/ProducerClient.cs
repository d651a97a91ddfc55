using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// One of Confluent.Kafka's producers, from its start to a fatal error or the end of the log. One caller produces at a time; reports
/// arrive on the client's own thread.
/// </summary>
internal sealed class ProducerClient : IDisposable
{
    private readonly IProducer<byte[], byte[]> _producer;

    // One for all records. Values say their own version, so there are no headers: the client would encode their names with every record,
    // which costs as much as all the rest. Without an object it would make one each time.
    private readonly Message<byte[], byte[]> _message = new() { Headers = [] };
    private readonly ExactArrays _keys = new();
    private readonly ExactArrays _values = new();
    private readonly Lock _gate = new();
    private readonly HashSet<AppendChunk> _open = [];
    private Error? _fatal;
    private bool _isClosed;

    /// <exception cref="Configuration.ConfigurationException">librdkafka refuses the settings together.</exception>
    public ProducerClient(KafkaOptions options, ILogger logger) => _producer = KafkaSettings.Build(() =>
        new ProducerBuilder<byte[], byte[]>(KafkaSettings.Producer(options))
            .SetLogHandler((_, message) => KafkaLogging.Write(logger, message))
            .SetErrorHandler((_, error) =>
            {
                Note(error);
                KafkaLogging.Write(logger, error);
            })
            .Build());

    /// <summary>What broke the producer for good, or null.</summary>
    public Error? Fatal => Volatile.Read(ref _fatal);

    /// <summary>A chunk whose records are to be produced; it ends at the latest when this is closed.</summary>
    /// <exception cref="KafkaException">It is closed.</exception>
    public AppendChunk Open(int records, int bytes, Action<AppendChunk> release)
    {
        var chunk = new AppendChunk(records, bytes, ended =>
        {
            lock (_gate) _open.Remove(ended);
            release(ended);
        });
        lock (_gate)
        {
            if (_isClosed) throw new KafkaException(ErrorCode.Local_Destroy);
            _open.Add(chunk);
        }

        return chunk;
    }

    /// <param name="topic">The topic's name in the cluster.</param>
    /// <param name="key">Copied.</param>
    /// <param name="value">Copied.</param>
    /// <param name="chunk">Takes the report.</param>
    /// <exception cref="KafkaException">It was not taken, and will not be reported on.</exception>
    public void Produce(TopicPartition topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, AppendChunk chunk)
    {
        _message.Key = _keys.Of(key);
        _message.Value = _values.Of(value);
        try
        {
            _producer.Produce(topic, _message, chunk.OnReport);
        }
        catch (KafkaException failure)
        {
            Note(failure.Error);
            throw;
        }
    }

    /// <summary>Waits for the reports of everything produced.</summary>
    public void Flush(TimeSpan timeout) => _producer.Flush(timeout);

    /// <summary>
    /// Nobody waits any longer for what was produced. The client reports nothing once it is being disposed of, so this comes first.
    /// </summary>
    public void Close()
    {
        List<AppendChunk> open;
        lock (_gate)
        {
            _isClosed = true;
            open = [.. _open];
        }

        foreach (var chunk in open) chunk.Fail(new Error(ErrorCode.Local_Destroy));
    }

    public void Dispose()
    {
        Close();
        _producer.Dispose();
    }

    private void Note(Error error)
    {
        if (error.IsFatal) Interlocked.CompareExchange(ref _fatal, error, null);
    }
}
