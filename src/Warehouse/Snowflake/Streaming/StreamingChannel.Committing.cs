namespace Crypto.Warehouse.Snowflake.Streaming;

public sealed partial class StreamingChannel
{
    /// <summary>Takes note of a status asked for on behalf of several channels; opens the channel anew when it is not well.</summary>
    internal async Task CheckAsync(ChannelStatus? status, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_broken is not null) return;
            if (Take(status)) return;
            await ReopenAsync(true, cancellationToken);
            await PumpAsync(cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task WaitForAsync(Func<bool> isDone, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ThrowIfBroken();
            await PollUntilAsync(isDone, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Asks for the status until something is so. Rows that do not commit in time are sent again through a new opening. Inside a turn.</summary>
    private async Task PollUntilAsync(Func<bool> isDone, CancellationToken cancellationToken)
    {
        var pause = _options.PollInterval.First;
        var since = _client.Clock.GetTimestamp();
        var before = _committed;
        var overdue = 0;
        while (!isDone())
        {
            var statuses = await _client.StatusAsync(Address.Pipe, [ServerName], cancellationToken);
            if (!Take(statuses.GetValueOrDefault(ServerName)))
            {
                await ReopenAfterAsync(new StreamingReply(200, "", "the channel vanished or is not well", ""), cancellationToken);
                await PumpSentAsync(cancellationToken);
                continue;
            }

            if (isDone()) return;
            if (_committed != before)
            {
                before = _committed;
                since = _client.Clock.GetTimestamp();
                overdue = 0;
            }
            else if (_client.Clock.GetElapsedTime(since) >= _options.CommitTimeout)
            {
                if (++overdue > _options.MaxReopens)
                {
                    throw new SnowflakeException(
                        SnowflakeFault.NotCommitted,
                        $"{Address} accepts rows and does not commit them: it stands at {TextOf(_committed)}, {AppendedOffset} is appended, and opening it "
                        + $"anew {_options.MaxReopens} times changed nothing. Look at SHOW CHANNELS and the state of {Address.Pipe.Table}.");
                }

                Tell(NoticeKind.CommitOverdue, $"nothing was committed for {_options.CommitTimeout}; the channel is opened anew and its rows sent again");
                _isOpen = false;
                await ReopenAsync(false, cancellationToken);
                await PumpSentAsync(cancellationToken);
                since = _client.Clock.GetTimestamp();
                continue;
            }

            await _client.Transport.PauseAsync(pause, cancellationToken);
            pause = pause * 2 < _options.PollInterval.Longest ? pause * 2 : _options.PollInterval.Longest;
        }
    }

    // After an opening everything not committed goes out again, with the bound on it lifted: it was within the bound before.
    private async Task PumpSentAsync(CancellationToken cancellationToken)
    {
        while (_sent < _uncommitted.Count)
        {
            if (!_isOpen) await ReopenAsync(true, cancellationToken);
            if (_sent < _uncommitted.Count) await SendAsync(_uncommitted[_sent], cancellationToken);
        }
    }

    private SnowflakeException RowsRejected(ChannelStatus status) => new(
        SnowflakeFault.RowsRejected,
        $"{status.RowErrors - _errorsAtOpen} rows of {Address} up to offset {status.LastErrorUpperBound} could not be stored: {status.LastError} "
        + $"They are in SELECT * FROM ERROR_TABLE({Address.Pipe.Table}); nothing more is appended. Does the table fit this version? "
        + "Run 'trade-ingest migrate --target snowflake --dry-run'.");

    /// <returns>False when the channel has to be opened anew.</returns>
    /// <exception cref="SnowflakeException">Rows were rejected, or the token makes no sense.</exception>
    private bool Take(ChannelStatus? status)
    {
        if (status is null || !status.IsHealthy) return false;
        if (status.RowErrors > _errorsAtOpen) throw Break(RowsRejected(status));

        var token = TokenOf(status);
        if (token is null && _committed is not null && !_isTokenFromRows) return false;
        _isTokenFromRows &= token is null;
        if (token < _committed)
        {
            throw Break(new SnowflakeException(
                SnowflakeFault.TokenMismatch, $"{Address} went back from offset {_committed} to {token}: {Address.Pipe.Table} was replaced, or another process set the token. {DropAdvice()} {RestoreAdvice()}"));
        }

        Settle(token);
        if (_sent == 0 && status.RowsInserted - _insertedAtOpen < _rowsCommittedSinceOpen)
        {
            throw Break(new SnowflakeException(
                SnowflakeFault.RowsRejected,
                $"{Address} is committed up to {token} and counts {status.RowsInserted - _insertedAtOpen} rows of the {_rowsCommittedSinceOpen} sent. "
                + $"See SELECT * FROM ERROR_TABLE({Address.Pipe.Table})."));
        }

        return true;
    }
}
