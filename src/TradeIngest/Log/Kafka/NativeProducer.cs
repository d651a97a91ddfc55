using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// librdkafka's producer, called directly: Confluent.Kafka's allocates some 500 bytes and three handles per message and reaches
/// about a quarter of what the library does. Here a message is spans in and a counter down, and allocates nothing. The settings are
/// the same. One caller produces at a time; reports arrive on a thread of its own.
/// </summary>
internal sealed unsafe class NativeProducer : IDisposable
{
    private const string Library = "librdkafka";
    private const int Producer = 0;
    private const int CopyPayload = 2;
    private const int MaxErrorLength = 512;
    private const int ServedMs = 100;

    private readonly ILogger _logger;
    private readonly GCHandle _self;
    private readonly Dictionary<string, nint> _topics = new(StringComparer.Ordinal);
    private readonly Thread _serving;
    private readonly nint _handle;
    private volatile bool _isStopping;

    /// <exception cref="LogException">librdkafka refuses the settings together.</exception>
    public NativeProducer(IEnumerable<KeyValuePair<string, string>> settings, ILogger logger)
    {
        _logger = logger;
        _self = GCHandle.Alloc(this);
        var conf = rd_kafka_conf_new();
        var error = stackalloc byte[MaxErrorLength];
        foreach (var (name, value) in settings)
        {
            if (name.StartsWith("dotnet.", StringComparison.Ordinal)) continue;
            if (rd_kafka_conf_set(conf, name, value, error, MaxErrorLength) != 0) throw new LogException(
                $"The Kafka producer does not take {name}.", isConfiguration: true);
        }

        rd_kafka_conf_set_opaque(conf, GCHandle.ToIntPtr(_self));
        rd_kafka_conf_set_dr_msg_cb(conf, &OnReport);
        rd_kafka_conf_set_error_cb(conf, &OnError);
        rd_kafka_conf_set_log_cb(conf, &OnLog);
        _handle = rd_kafka_new(Producer, conf, error, MaxErrorLength);
        if (_handle == 0)
        {
            rd_kafka_conf_destroy(conf);
            _self.Free();
            throw new LogException(
                $"The Kafka producer cannot start: {Marshal.PtrToStringUTF8((nint)error)}. See Kafka:Settings.", isConfiguration: true);
        }

        _serving = new Thread(Serve) { IsBackground = true, Name = "Kafka reports" };
        _serving.Start();
    }

    /// <summary>Takes the reports of the messages produced with its handle.</summary>
    public interface IReports
    {
        void OnReport(ErrorCode error);
    }

    /// <summary>What broke the producer for good, or null.</summary>
    public Error? Fatal
    {
        get
        {
            var text = stackalloc byte[MaxErrorLength];
            var code = (ErrorCode)rd_kafka_fatal_error(_handle, text, MaxErrorLength);
            return code == ErrorCode.NoError ? null : new Error(code, Marshal.PtrToStringUTF8((nint)text), isFatal: true);
        }
    }

    /// <param name="topic">The topic's name in the cluster.</param>
    /// <param name="key">Copied.</param>
    /// <param name="value">Copied.</param>
    /// <param name="version">Value of the header <see cref="RecordHeaders.SchemaVersion"/>.</param>
    /// <param name="reports">A handle to <see cref="IReports"/>.</param>
    public ErrorCode Produce(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, ReadOnlySpan<byte> version, nint reports)
    {
        var fields = stackalloc Field[7];

        // A key without bytes is a key all the same; its address only must not be null.
        var empty = (byte)0;
        fixed (byte* keyBytes = key, valueBytes = value, versionBytes = version, versionName = RecordHeaders.SchemaVersionUtf8,
            sourceName = RecordHeaders.SourceUtf8, source = RecordHeaders.SourceValue)
        {
            fields[0] = new Field { Kind = FieldKind.Topic, First = TopicOf(topic) };
            fields[1] = new Field { Kind = FieldKind.Value, First = (nint)(valueBytes == null ? &empty : valueBytes), Second = value.Length };
            fields[2] = new Field { Kind = FieldKind.Key, First = (nint)(keyBytes == null ? &empty : keyBytes), Second = key.Length };
            fields[3] = new Field { Kind = FieldKind.Header, First = (nint)versionName, Second = (nint)versionBytes, Third = version.Length };
            fields[4] = new Field { Kind = FieldKind.Header, First = (nint)sourceName, Second = (nint)source, Third = RecordHeaders.SourceValue.Length };
            fields[5] = new Field { Kind = FieldKind.Flags, First = CopyPayload };
            fields[6] = new Field { Kind = FieldKind.Opaque, First = reports };
            var error = rd_kafka_produceva(_handle, fields, 7);
            if (error == 0) return ErrorCode.NoError;
            var code = (ErrorCode)rd_kafka_error_code(error);
            rd_kafka_error_destroy(error);
            return code;
        }
    }

    /// <summary>Waits for the reports of everything produced.</summary>
    public void Flush(TimeSpan timeout) => _ = rd_kafka_flush(_handle, (int)timeout.TotalMilliseconds);

    /// <summary>What is still queued is reported as purged, so that nobody waits for it.</summary>
    public void Dispose()
    {
        const int QueuedAndInFlight = 1 | 2;
        _ = rd_kafka_purge(_handle, QueuedAndInFlight);
        _ = rd_kafka_flush(_handle, ServedMs * 10);
        _isStopping = true;
        _serving.Join();
        foreach (var topic in _topics.Values) rd_kafka_topic_destroy(topic);
        rd_kafka_destroy(_handle);
        _self.Free();
    }

    private nint TopicOf(string name)
    {
        if (_topics.TryGetValue(name, out var topic)) return topic;
        topic = rd_kafka_topic_new(_handle, name, 0);
        _topics.Add(name, topic);
        return topic;
    }

    private void Serve()
    {
        while (!_isStopping) _ = rd_kafka_poll(_handle, ServedMs);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnReport(nint handle, Message* message, nint self) =>
        ((IReports)GCHandle.FromIntPtr(message->Opaque).Target!).OnReport((ErrorCode)message->Error);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(nint handle, int error, byte* reason, nint self) =>
        KafkaLogging.Write(Of(self)._logger, new Error((ErrorCode)error, Marshal.PtrToStringUTF8((nint)reason)));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint handle, int level, byte* facility, byte* text) => KafkaLogging.Write(
        Of(rd_kafka_opaque(handle))._logger,
        new LogMessage("producer", (SyslogLevel)level, Marshal.PtrToStringUTF8((nint)facility), Marshal.PtrToStringUTF8((nint)text)));

    private static NativeProducer Of(nint self) => (NativeProducer)GCHandle.FromIntPtr(self).Target!;

    private enum FieldKind
    {
        Topic = 2,
        Value = 4,
        Key = 5,
        Opaque = 6,
        Flags = 7,
        Header = 9,
    }

    // rd_kafka_vu_t: a tag and a union padded to 64 bytes.
    [StructLayout(LayoutKind.Explicit, Size = 72)]
    private struct Field
    {
        [FieldOffset(0)]
        public FieldKind Kind;

        [FieldOffset(8)]
        public nint First;

        [FieldOffset(16)]
        public nint Second;

        [FieldOffset(24)]
        public nint Third;
    }

    // rd_kafka_message_t.
    [StructLayout(LayoutKind.Explicit)]
    private readonly struct Message
    {
        [FieldOffset(0)]
        public readonly int Error;

        [FieldOffset(64)]
        public readonly nint Opaque;
    }

    [DllImport(Library)]
    private static extern nint rd_kafka_conf_new();

    [DllImport(Library)]
    private static extern void rd_kafka_conf_destroy(nint conf);

    [DllImport(Library)]
    private static extern int rd_kafka_conf_set(
        nint conf, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, byte* error,
        nint errorSize);

    [DllImport(Library)]
    private static extern void rd_kafka_conf_set_opaque(nint conf, nint opaque);

    [DllImport(Library)]
    private static extern void rd_kafka_conf_set_dr_msg_cb(nint conf, delegate* unmanaged[Cdecl]<nint, Message*, nint, void> report);

    [DllImport(Library)]
    private static extern void rd_kafka_conf_set_error_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> error);

    [DllImport(Library)]
    private static extern void rd_kafka_conf_set_log_cb(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> log);

    [DllImport(Library)]
    private static extern nint rd_kafka_new(int type, nint conf, byte* error, nint errorSize);

    [DllImport(Library)]
    private static extern nint rd_kafka_opaque(nint rk);

    [DllImport(Library)]
    private static extern nint rd_kafka_topic_new(nint rk, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, nint conf);

    [DllImport(Library)]
    private static extern void rd_kafka_topic_destroy(nint topic);

    [DllImport(Library)]
    private static extern nint rd_kafka_produceva(nint rk, Field* fields, nint count);

    [DllImport(Library)]
    private static extern int rd_kafka_error_code(nint error);

    [DllImport(Library)]
    private static extern void rd_kafka_error_destroy(nint error);

    [DllImport(Library)]
    private static extern int rd_kafka_poll(nint rk, int timeoutMs);

    [DllImport(Library)]
    private static extern int rd_kafka_flush(nint rk, int timeoutMs);

    [DllImport(Library)]
    private static extern int rd_kafka_purge(nint rk, int flags);

    [DllImport(Library)]
    private static extern int rd_kafka_fatal_error(nint rk, byte* text, nint size);

    [DllImport(Library)]
    private static extern void rd_kafka_destroy(nint rk);
}
