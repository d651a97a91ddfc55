using System.Net;

namespace Crypto.TradeIngest.Simulation;

/// <summary>Misbehavior on request, for tests of clients. Thread-safe.</summary>
internal sealed class Faults
{
    private readonly Lock _planning = new();
    private long _replyDelay;
    private volatile bool _refuseConnections;
    private int _failures;
    private HttpStatusCode _failure;

    /// <summary>How long replies, over REST and on connections, are held back. Default none.</summary>
    public TimeSpan ReplyDelay
    {
        get => new(Interlocked.Read(ref _replyDelay));
        set => Interlocked.Exchange(ref _replyDelay, value.Ticks);
    }

    /// <summary>Whether new connections are turned away with 503.</summary>
    public bool RefuseConnections
    {
        get => _refuseConnections;
        set => _refuseConnections = value;
    }

    /// <summary>Answers the next REST requests with an HTTP status, such as 500, and no further effect.</summary>
    public void FailNextRequests(int count, HttpStatusCode status)
    {
        lock (_planning) (_failures, _failure) = (count, status);
    }

    public bool TryTakeFailure(out HttpStatusCode status)
    {
        lock (_planning)
        {
            status = _failure;
            if (_failures == 0) return false;
            _failures--;
            return true;
        }
    }
}
