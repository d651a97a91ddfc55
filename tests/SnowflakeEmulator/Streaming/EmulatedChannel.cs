namespace Crypto.SnowflakeEmulator.Streaming;

/// <summary>A channel's state on the server.</summary>
internal sealed class EmulatedChannel(string pipe, string table, string name)
{
    public string Pipe { get; } = pipe;

    public string Table { get; } = table;

    public string Name { get; } = name;

    /// <summary>Rises with each open: whoever opened before is fenced.</summary>
    public int Sequencer { get; set; }

    /// <summary>Appends of the current opening.</summary>
    public int NextAppend { get; set; }

    public string? CommittedToken { get; set; }

    public List<PendingAppend> Pending { get; } = [];

    public long Inserted { get; set; }

    public long Parsed { get; set; }

    public long Errors { get; set; }

    public string? LastError { get; set; }

    public string? LastErrorToken { get; set; }

    public bool IsInvalid { get; set; }

    public string Continuation => FormattableString.Invariant($"{Sequencer}_{NextAppend}");
}

/// <param name="Due">When it commits; never for one that is stuck.</param>
internal sealed record PendingAppend(byte[] Body, string EndToken, DateTimeOffset Due, Spoil Spoil, bool LoseFirstRow);

/// <summary>Which rows of an append the table refuses although they are well.</summary>
internal enum Spoil
{
    None,
    FirstRow,
    LastRow,
    AllRows,
}
