namespace Crypto.TestSupport;

/// <summary>How long a test waits for what must happen. Only a hang takes longer, also on a machine that is busy with other things.</summary>
public static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <returns>A source that is canceled after <see cref="Limit"/>.</returns>
    public static CancellationTokenSource Start() => new(Limit);
}
