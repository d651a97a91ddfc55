namespace Crypto.Benchmarks.Samples;

/// <summary>A folder for the files of one sample, deleted with them.</summary>
internal sealed class BenchmarkFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("crypto-benchmarks-").FullName;

    public string this[string name] => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
