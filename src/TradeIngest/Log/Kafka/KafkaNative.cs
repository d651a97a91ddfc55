using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Where librdkafka comes from, and the few of its calls that Confluent.Kafka does not offer. Nothing of it is loaded before
/// <see cref="Load"/>, which only a configured Kafka log calls.
/// </summary>
internal static class KafkaNative
{
    private const string Name = "librdkafka";
    private const int MaxErrorLength = 512;

    // After the name asked for: what distributions install, the package's second build (without Kerberos, whose libraries a small image
    // does not have), Homebrew's.
    private static readonly string[] Candidates =
        ["librdkafka.so.1", "centos8-librdkafka", "librdkafka.1.dylib", "/opt/homebrew/lib/librdkafka.1.dylib"];
    private static readonly Lock Gate = new();
    private static bool _isLoaded;

    /// <summary>librdkafka's version, such as 2.0.2.</summary>
    public static Version Version { get; private set; } = new();

    // A resolver can be set once per assembly.
    static KafkaNative()
    {
        NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, Resolve);
        NativeLibrary.SetDllImportResolver(typeof(KafkaNative).Assembly, Resolve);
    }

    /// <summary>Loads the library on the first call; a call beside that one returns when it is loaded.</summary>
    /// <exception cref="LogException">The library is not installed, or too old.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_isLoaded) return;
            try
            {
                // Library.Version loads and checks; 0xMMmmrrxx.
                var number = Library.Version;
                Version = new Version((number >> 24) & 0xFF, (number >> 16) & 0xFF, (number >> 8) & 0xFF);
                if (Version < LeaderEpochs.Since) LeaderEpochs.DoWithout();
                _isLoaded = true;
            }
            catch (Exception failure) when (
                failure is DllNotFoundException or FileLoadException or TypeInitializationException or InvalidOperationException)
            {
                throw new LogException(
                    "The Kafka log needs librdkafka 1.5.2 or later, which was not found. Install it (Debian, Ubuntu: apt-get install "
                    + "librdkafka1), or build with -p:LibrdkafkaFromNuGet=true.",
                    failure, isConfiguration: true);
            }
        }
    }

    /// <summary>What librdkafka says against a setting, or null when it takes it.</summary>
    public static string? FaultOf(string setting, string value)
    {
        var conf = rd_kafka_conf_new();
        try
        {
            var error = new byte[MaxErrorLength];
            if (rd_kafka_conf_set(conf, setting, value, error, error.Length) == 0) return null;
            return Encoding.UTF8.GetString(error.AsSpan(0, Math.Max(0, Array.IndexOf(error, (byte)0))));
        }
        finally
        {
            rd_kafka_conf_destroy(conf);
        }
    }

    /// <summary>The cluster's id; null where the brokers did not tell one in time.</summary>
    public static string? ClusterId(IClient client, TimeSpan timeout)
    {
        var handle = HandleOf(client);
        var text = rd_kafka_clusterid(handle, (int)timeout.TotalMilliseconds);
        if (text == 0) return null;
        var id = Marshal.PtrToStringUTF8(text);
        rd_kafka_mem_free(handle, text);
        return id;
    }

    /// <summary>The client's <c>rd_kafka_t</c>, valid while the client is.</summary>
    public static nint HandleOf(IClient client) => ((SafeHandle)Inner(client.Handle)).DangerousGetHandle();

    // The property is internal; the package's version is pinned, and a test fails when it moves.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_LibrdkafkaHandle")]
    [return: UnsafeAccessorType("Confluent.Kafka.Impl.SafeKafkaHandle, Confluent.Kafka")]
    private static extern object Inner(Handle handle);

    /// <summary>
    /// Finds librdkafka for an assembly that imports from it (<see cref="DllImportResolver"/>): the runtime itself finds only a
    /// <c>librdkafka.so</c>, which distributions install with the headers. Zero hands the search back to the runtime.
    /// </summary>
    public static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (!name.Contains(Name, StringComparison.Ordinal))
        {
            return name == "libdl" && NativeLibrary.TryLoad("libdl.so.2", out var loader) ? loader : 0;
        }

        if (NativeLibrary.TryLoad(name, typeof(Library).Assembly, searchPath, out var named)) return named;
        foreach (var candidate in Candidates)
        {
            if (NativeLibrary.TryLoad(candidate, typeof(Library).Assembly, searchPath, out var handle)) return handle;
        }

        return 0;
    }

    [DllImport(Name)]
    private static extern nint rd_kafka_conf_new();

    [DllImport(Name)]
    private static extern void rd_kafka_conf_destroy(nint conf);

    [DllImport(Name, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int rd_kafka_conf_set(
        nint conf, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, [Out] byte[] error,
        nint errorSize);

    [DllImport(Name)]
    private static extern nint rd_kafka_clusterid(nint rk, int timeoutMs);

    [DllImport(Name)]
    private static extern void rd_kafka_mem_free(nint rk, nint memory);
}
