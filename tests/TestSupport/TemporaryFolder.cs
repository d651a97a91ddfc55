namespace Crypto.TestSupport;

/// <summary>A folder of its own for one test, deleted with everything in it on dispose.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string FullName { get; } = Directory.CreateTempSubdirectory("crypto-").FullName;

    public string this[string name] => Path.Combine(FullName, name);

    public void Dispose() => Directory.Delete(FullName, recursive: true);
}
