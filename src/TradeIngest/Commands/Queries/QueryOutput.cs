using Crypto.TradeIngest.Configuration;
using Crypto.Warehouse;
using Microsoft.Win32.SafeHandles;

namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>
/// Where rows go: standard output, or a file that is there when all of its rows are. Until then they are in a file of that name with
/// <c>.part</c> behind it.
/// </summary>
internal sealed class QueryOutput : IDisposable
{
    private bool _isComplete;

    private QueryOutput(Stream stream, string? path)
    {
        Stream = stream;
        Path = path;
    }

    public Stream Stream { get; }

    /// <summary>The file; null for standard output.</summary>
    public string? Path { get; }

    /// <summary>Whether a person watches the rows themselves.</summary>
    public bool IsTerminal => Path is null && !Console.IsOutputRedirected;

    /// <exception cref="ConfigurationException">There is such a file, or it cannot be created.</exception>
    public static QueryOutput Open(string? path)
    {
        if (path is null) return new QueryOutput(new BufferedStream(StandardOutput(), 64 * 1024), null);
        if (System.IO.Path.Exists(path)) throw new ConfigurationException(
            $"'{path}' exists. Remove it, or choose another name with --output.");
        try
        {
            return new QueryOutput(new FileStream(Partial(path), FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024), path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(
                $"'{path}' cannot be written ({failure.Message}). Choose another name with --output.", failure);
        }
    }

    /// <summary>The rows are all there.</summary>
    public void Complete()
    {
        Stream.Flush();
        if (Path is null) return;
        Stream.Dispose();
        File.Move(Partial(Path), Path);
        _isComplete = true;
    }

    public void Dispose()
    {
        if (Path is null || _isComplete) return;
        Stream.Dispose();
        File.Delete(Partial(Path));
    }

    /// <summary>What a failed write means.</summary>
    /// <returns>Null where the reader of standard output closed it, as <c>head</c> does.</returns>
    public StorageException? FailureOf(IOException failure)
    {
        const int BrokenPipe = 32;
        const int NoSpace = 28;
        if (Path is null && (failure.HResult & 0xFFFF) == BrokenPipe) return null;
        var place = Path is null ? "Standard output" : $"'{Path}'";
        return new StorageException(
            (failure.HResult & 0xFFFF) == NoSpace
                ? StorageFault.Full
                : StorageFault.Failed, $"{place} cannot be written: {failure.Message}", failure);
    }

    private static string Partial(string path) => path + ".part";

    // The console's own stream hides that a pipe has lost its reader, and the query would run on to its end.
    private static Stream StandardOutput()
    {
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return Console.OpenStandardOutput();
        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return pipe.CanSeek ? Console.OpenStandardOutput() : pipe;
    }
}
