namespace Crypto.TradeIngest.Streams;

/// <summary>A value that others supersede, for readers that may skip some. Thread-safe.</summary>
internal sealed class Latest<T>(T first)
{
    private volatile Version _version = new(first);

    public T Value => _version.Value;

    /// <summary>The value, and what completes when there is a later one.</summary>
    public (T Value, Task Superseded) Read()
    {
        var version = _version;
        return (version.Value, version.Superseded.Task);
    }

    public void Set(T value)
    {
        var before = Interlocked.Exchange(ref _version, new Version(value));
        before.Superseded.TrySetResult();
    }

    private sealed class Version(T value)
    {
        public T Value { get; } = value;

        public TaskCompletionSource Superseded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
