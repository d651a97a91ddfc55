namespace Crypto.TradeIngest.Log;

/// <summary>One time of leading, from the election until the resignation.</summary>
internal sealed class LeadershipTerm : IDisposable
{
    private readonly Func<bool> _isCurrent;
    private readonly CancellationTokenSource _ending = new();

    /// <param name="isCurrent">Whether no other process has surely been elected yet.</param>
    /// <param name="abandoning">Canceled when not even what is under way is waited for any more.</param>
    public LeadershipTerm(Func<bool> isCurrent, CancellationToken abandoning)
    {
        _isCurrent = isCurrent;
        Abandoning = abandoning;

        // Taken once: it may be asked for after the end.
        Ending = _ending.Token;
    }

    /// <summary>Canceled when nothing new may be begun; what is under way is waited for.</summary>
    public CancellationToken Ending { get; }

    public CancellationToken Abandoning { get; }

    /// <summary>Nothing new is begun from here on. May be called again.</summary>
    public void End()
    {
        if (!Ending.IsCancellationRequested) _ending.Cancel();
    }

    /// <summary>To be called right before each publication: a process that was paused finds here that its time is over.</summary>
    /// <exception cref="OperationCanceledException">The term is over.</exception>
    public void ThrowIfOver()
    {
        if (!_isCurrent()) End();
        Ending.ThrowIfCancellationRequested();
    }

    public void Dispose() => _ending.Dispose();
}
