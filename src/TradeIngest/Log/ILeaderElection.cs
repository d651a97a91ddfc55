namespace Crypto.TradeIngest.Log;

/// <summary>Where a process stands in an election.</summary>
internal enum LeadershipState
{
    /// <summary>The others have not answered yet, or not again.</summary>
    Joining,

    /// <summary>Another process leads.</summary>
    Standby,

    /// <summary>This one leads, and works.</summary>
    Active,
}

/// <summary>What only one process of a deployment does at a time.</summary>
internal interface ILeaderElection : IDisposable
{
    LeadershipState State { get; }

    /// <summary>Works whenever this process is elected, until canceled; then ends the work and resigns.</summary>
    /// <param name="work">Goes on until its term ends. Its failure ends the run, and so does its end before that of its term.</param>
    /// <param name="cancellationToken">Resigns.</param>
    /// <param name="abandoning">Ends the wait for what is under way.</param>
    Task RunAsync(Func<LeadershipTerm, Task> work, CancellationToken cancellationToken, CancellationToken abandoning);
}

/// <summary>The election in a process that has its log to itself.</summary>
internal sealed class SoleLeader : ILeaderElection
{
    private int _state;

    public LeadershipState State => (LeadershipState)Volatile.Read(ref _state);

    public async Task RunAsync(Func<LeadershipTerm, Task> work, CancellationToken cancellationToken, CancellationToken abandoning)
    {
        using var term = new LeadershipTerm(static () => true, abandoning);
        await using var ending = cancellationToken.Register(term.End);
        Volatile.Write(ref _state, (int)LeadershipState.Active);
        await work(term);
    }

    public void Dispose()
    {
    }
}
