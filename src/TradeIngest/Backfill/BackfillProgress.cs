using System.Text.Json.Serialization;

namespace Crypto.TradeIngest.Backfill;

/// <summary>How a backfill stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackfillState>))]
internal enum BackfillState
{
    /// <summary>Behind others, or for a service that starts again.</summary>
    [JsonStringEnumMemberName("waiting")]
    Waiting,

    [JsonStringEnumMemberName("running")]
    Running,

    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>For good; <see cref="BackfillReport.Error"/> says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Taken back.</summary>
    [JsonStringEnumMemberName("canceled")]
    Canceled,
}

/// <summary>How far a backfill has come, at one moment.</summary>
/// <param name="Step">What is fetched at the moment, for a person.</param>
/// <param name="Fraction">0 to 1, of what was missing at the beginning.</param>
/// <param name="Trades">Trades put into the log that were not there.</param>
/// <param name="Known">Trades asked for that were there already, as far as they were counted.</param>
/// <param name="Absent">Ids that the exchange does not have.</param>
/// <param name="Rejected">Lines of files that are no trades.</param>
/// <param name="Conflicts">Trades of files that are stored with another content.</param>
/// <param name="KnownDays">Days that were not downloaded, since all their trades are there.</param>
/// <param name="MissingDays">Days without an archive.</param>
/// <param name="Refused">Symbols whose gaps the exchange refuses to fill, and why.</param>
/// <param name="Note">Why it waits.</param>
/// <param name="Error">Why it failed.</param>
/// <param name="ExitCode">Of the command that asked for it.</param>
internal sealed record BackfillReport(
    BackfillState State, string Step, double Fraction, long Trades, long Known, long Absent, long Rejected, long Conflicts,
    IReadOnlyList<DateOnly> KnownDays, IReadOnlyList<DateOnly> MissingDays, IReadOnlyList<string> Refused, string? Note, string? Error,
    int ExitCode)
{
    public static BackfillReport Waiting { get; } = new(BackfillState.Waiting, "waiting", 0, 0, 0, 0, 0, 0, [], [], [], null, null, 0);

    /// <summary>Whether everything that was asked for is there, but for what the exchange itself does not have.</summary>
    [JsonIgnore]
    public bool IsWhole => Rejected == 0 && Conflicts == 0 && MissingDays.Count == 0 && Refused.Count == 0;

    [JsonIgnore]
    public bool HasEnded => State is BackfillState.Done or BackfillState.Failed or BackfillState.Canceled;
}

/// <summary>What a running backfill counts. One writes, any thread reads.</summary>
internal sealed class BackfillProgress
{
    private readonly Lock _gate = new();
    private BackfillReport _report = BackfillReport.Waiting with { State = BackfillState.Running, Step = "starting" };

    public BackfillReport Report
    {
        get
        {
            lock (_gate) return _report;
        }
    }

    public void Update(Func<BackfillReport, BackfillReport> change)
    {
        lock (_gate) _report = change(_report);
    }
}
