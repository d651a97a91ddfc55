namespace Crypto.SnowflakeEmulator.Faults;

/// <summary>What can be made to go wrong. Some happen by themselves as well, such as a used token after a lost reply.</summary>
public enum Fault
{
    /// <summary>The connection breaks before the request is applied.</summary>
    LostBefore,

    /// <summary>The request is applied and the connection breaks before the reply.</summary>
    LostAfter,

    /// <summary>503 before the request is applied.</summary>
    UnavailableBefore,

    /// <summary>500 after the request was applied.</summary>
    ErrorAfter,

    /// <summary>429.</summary>
    TooManyRequests,

    /// <summary>401: the token is not taken any more.</summary>
    ExpiredToken,

    /// <summary>The append is accepted and commits only after a while.</summary>
    DelayedCommit,

    /// <summary>The append is accepted and never commits.</summary>
    StuckCommit,

    /// <summary>400 STALE_CONTINUATION_TOKEN_SEQUENCER.</summary>
    StaleSequencer,

    /// <summary>409 the channel is invalid and must be opened anew.</summary>
    ChannelInvalidated,

    /// <summary>The channel is gone, its token and what was in flight with it.</summary>
    ChannelVanished,

    /// <summary>410: the pipe failed over; host and token are to be asked for anew.</summary>
    FailedOver,

    /// <summary>A row of the append, its first and its last in turn, is refused by the table although it is well.</summary>
    RowError,

    /// <summary>A row is neither stored nor counted as an error.</summary>
    RowLost,

    /// <summary>Every row of the append is refused by the table.</summary>
    AllRowsError,

    /// <summary>The statement answers 202 and is to be polled.</summary>
    StatementRunsOn,

    /// <summary>422: the statement failed.</summary>
    StatementFailed,

    /// <summary>Counted only: an append came with a token used before, and inserted nothing.</summary>
    UsedToken,

    /// <summary>Counted only: an open was refused because of rows in flight.</summary>
    Uncommitted,

    /// <summary>Counted only: an open took the channel over from another.</summary>
    Fenced,

    /// <summary>Counted only: a statement was canceled.</summary>
    StatementCanceled,

    /// <summary>Counted only: a statement came again with a request id that had been executed.</summary>
    StatementRepeated,
}
