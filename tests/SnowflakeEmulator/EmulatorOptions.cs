namespace Crypto.SnowflakeEmulator;

/// <summary>How the emulated account behaves.</summary>
public sealed record EmulatorOptions
{
    /// <summary>The account as it stands in tokens.</summary>
    public string Account { get; init; } = "TESTORG-EMULATED";

    /// <summary>Where to listen on this machine. Default any free port.</summary>
    public int Port { get; init; }

    /// <summary>Keeps the data in this file beyond the process; channels and their tokens are gone with it. Default in memory.</summary>
    public string? File { get; init; }

    public string Database { get; init; } = "STREAMING_DB";

    public string Schema { get; init; } = "PUBLIC";

    /// <summary>From an append to its rows in the table. Default none.</summary>
    public TimeSpan CommitDelay { get; init; }

    /// <summary>Commit delay of an append hit by <see cref="Faults.Fault.DelayedCommit"/>. Default 30 ms.</summary>
    public TimeSpan LongCommitDelay { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Whether host and token are answered as documented (JSON) or as servers do (plain text).</summary>
    public bool JsonTokens { get; init; }

    /// <summary>Whether there is the SQL interface over REST. Without it statements come over ADO.NET only. Default true.</summary>
    public bool HasSqlInterface { get; init; } = true;

    /// <summary>Life of the tokens for the streaming host. Default ten minutes.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Most rows of one partition of a result. Default 1,000.</summary>
    public int RowsPerPartition { get; init; } = 1000;

    /// <summary>Polls after which a statement that answered 202 is done. Default 2.</summary>
    public int PollsUntilDone { get; init; } = 2;

    /// <summary>Seed of random faults.</summary>
    public int Seed { get; init; } = 1;
}
