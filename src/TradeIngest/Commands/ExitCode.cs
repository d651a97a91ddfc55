namespace Crypto.TradeIngest.Commands;

/// <summary>What every command returns to the shell.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The command ran, and what it checked does not hold: a failing audit, a rejected line.</summary>
    public const int CheckFailed = 1;

    /// <summary>Wrong usage or configuration: an unknown option or symbol, a folder that cannot be used as asked.</summary>
    public const int WrongUsage = 2;

    /// <summary>
    /// Something needed is out of reach or out of order: the exchange, a damaged or locked store, a full disk. Also any unexpected failure.
    /// </summary>
    public const int Unreachable = 3;

    /// <summary>
    /// Interrupted by the user (SIGINT), or ended (SIGTERM) before the work was done. For a service, SIGTERM is the usual end: 0.
    /// </summary>
    public const int Interrupted = 130;
}
