namespace Crypto.Warehouse.Snowflake.Streaming;

public sealed partial class StreamingChannel
{
    /// <returns>False when the channel has to be opened anew.</returns>
    /// <exception cref="SnowflakeException">Rows were rejected and cannot be restored, or the token makes no sense.</exception>
    private async Task<bool> TakeAsync(ChannelStatus? status, CancellationToken cancellationToken)
    {
        if (status is null || !status.IsHealthy) return false;
        var token = TokenOf(status);
        if (token is null && _committed is not null && !_isTokenFromRows) return false;
        _isTokenFromRows &= token is null;
        if (token < _committed)
        {
            throw Break(new SnowflakeException(
                SnowflakeFault.TokenMismatch,
                $"{Address} went back from offset {_committed} to {token}: {Address.Pipe.Table} was replaced, or another process set the "
                    + $"token. {DropAdvice()} {RestoreAdvice()}"));
        }

        Settle(token);
        Suspect(status);
        await VerifyAsync(status, cancellationToken);
        return true;
    }

    /// <summary>
    /// Row errors, or fewer rows than were sent: once what is in flight now is committed too, the rows lost are among those covered.
    /// </summary>
    private void Suspect(ChannelStatus status)
    {
        var errors = Math.Max(status.RowErrors, _errorsSeen);
        var lacking = _rowsCommittedSinceOpen - (status.RowsInserted - _insertedAtOpen) - (errors - _errorsAtOpen);
        if (status.RowErrors <= _errorsSeen && lacking <= 0) return;
        if (_known.RestoreMissing is null) throw Break(RowsRejected(status));
        _suspicion ??= (_sent > 0 ? _uncommitted[_sent - 1].LastOffset : _committed ?? -1, status.RowErrors);
    }

    /// <summary>Lets go of the rows that are covered, after having looked for each of them where there is a doubt.</summary>
    private async Task VerifyAsync(ChannelStatus status, CancellationToken cancellationToken)
    {
        if (_suspicion is { } suspicion)
        {
            if (_committed < suspicion.UpTo) return;
            var missing = 0;
            foreach (var piece in _covered)
            {
                if (_known.RestoreMissing is null) break;
                missing += await RestoreAsync(
                    piece.ToCommitted(_rowsPassed, suspicion.Errors is null ? null : status.LastError), cancellationToken);
            }

            // Errors counted at an opening are in its baseline.
            if (suspicion.Errors is not null) _errorsSeen += missing;
            if (_errorsSeen < suspicion.Errors)
            {
                throw Break(new SnowflakeException(
                    SnowflakeFault.NotCommitted,
                    $"{Address} counts {suspicion.Errors - _errorsSeen} more row errors than rows sent here are missing in "
                    + $"{Address.Pipe.Table}: {status.LastError}. The rows are read again from the last checkpoint and looked for there."));
            }

            _suspicion = null;
            (_errorsAtOpen, _insertedAtOpen, _rowsCommittedSinceOpen) = (_errorsSeen, status.RowsInserted, 0);
        }

        foreach (var piece in _covered) piece.Dispose();
        _covered.Clear();
        _stored = _committed;
    }

    private async Task<int> RestoreAsync(CommittedRows rows, CancellationToken cancellationToken)
    {
        if (_known.RestoreMissing is not { } restore) return 0;
        int missing;
        try
        {
            missing = await restore(rows, cancellationToken);
        }
        catch (SnowflakeException failure) when (failure.Fault == SnowflakeFault.RowsRejected)
        {
            throw Break(failure);
        }

        if (missing == 0) return 0;
        RestoredRows += missing;
        Tell(
            NoticeKind.RowsRestored,
            $"{missing} rows that {Address.Pipe.Table} had refused were added by SQL: "
                + $"{rows.Reported ?? "found when the channel was opened"}");
        return missing;
    }

    private SnowflakeException RowsRejected(ChannelStatus status) => new(
        SnowflakeFault.RowsRejected,
        (status.RowErrors > _errorsSeen
            ? $"{status.RowErrors - _errorsSeen} rows of {Address} up to offset {status.LastErrorUpperBound} could not be stored: "
                + $"{status.LastError} "
            : $"{Address} is committed up to {_committed} and counts {status.RowsInserted - _insertedAtOpen} rows of the "
                + $"{_rowsCommittedSinceOpen} sent. ")
        + $"Look at SELECT * FROM ERROR_TABLE({Address.Pipe.Table}); nothing more is appended. Does the table fit this version? "
        + "Run 'trade-ingest migrate --target snowflake --dry-run'.");
}
