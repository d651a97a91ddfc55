using System.Globalization;
using System.Text.Json;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

public sealed partial class StreamingChannel
{
    internal Task OpenAsync(CancellationToken cancellationToken) => ReopenAsync(true, cancellationToken);

    /// <summary>Opens the channel and puts the rows that are not committed first in line again. Inside a turn.</summary>
    /// <param name="waitForCommit">
    /// Whether rows in flight are waited for. If not, Snowflake discards them, and this channel sends its own again.
    /// </param>
    private async Task ReopenAsync(bool waitForCommit, CancellationToken cancellationToken)
    {
        var isFirst = _continuation.Length == 0;
        var (status, continuation) = await RequestOpenAsync(waitForCommit, cancellationToken);
        var token = TokenOf(status);
        var known = _committed ?? _known.KnownCommitted;
        _isTokenFromRows = token is null;
        if (token is null)
        {
            // Rows that were covered by the lost token and refused by the table are after the last one there is.
            known = _stored ?? _known.KnownCommitted;
            token = await TokenFromRowsAsync(known, cancellationToken);
        }

        if (token < known)
        {
            throw Break(new SnowflakeException(
                SnowflakeFault.TokenMismatch,
                $"{Address} says it is committed up to {token}, and {known} was committed before: {Address.Pipe.Table} was replaced, "
                + $"restored or cloned. {DropAdvice()} {RestoreAdvice()}"));
        }

        if (token is not null && isFirst && !_isTokenFromRows && token > (known ?? -1))
        {
            await ExplainAsync(token.Value, status, cancellationToken);
        }

        // Errors of rows that settled between the last look and this opening would vanish into the new baseline.
        if (!isFirst && _known.RestoreMissing is null && status.RowErrors > _errorsSeen) throw Break(RowsRejected(status));

        ServerName = status.Channel;
        _continuation = continuation;
        _generation = _client.Transport.Generation;
        _errorsAtOpen = _errorsSeen = status.RowErrors;
        _insertedAtOpen = status.RowsInserted;
        _rowsCommittedSinceOpen = 0;
        _isOpen = true;
        if (!isFirst) TimesReopened++;
        Rewind(token);
        if (_covered.Count > 0) _suspicion = (token!.Value, null);
        _coveredAtOpen = token ?? -1;
        await VerifyAsync(status, cancellationToken);
    }

    private async Task<(ChannelStatus Status, string Continuation)> RequestOpenAsync(
        bool waitForCommit, CancellationToken cancellationToken)
    {
        var body = waitForCommit ? "{\"fail_on_uncommitted_rows\":true}"u8.ToArray() : "{}"u8.ToArray();
        var started = _client.Clock.GetTimestamp();
        var backoff = new Backoff(_options.Backoff, _client.Clock);
        var refused = false;
        while (true)
        {
            var generation = _client.Transport.Generation;
            var path = $"{StreamingClient.PathOf(Address)}?requestId={_client.Transport.NextRequestId()}";
            var reply = await _client.Transport.SendAsync(
                HttpMethod.Put, path, () => StreamingClient.JsonContentOf(body), cancellationToken);
            switch (reply.Action)
            {
                case ReplyAction.Accept:
                    using (var json = JsonDocument.Parse(reply.Body))
                    {
                        var status = ChannelStatus.Parse(json.RootElement.GetProperty("channel_status"), Address.Channel);
                        if (status.IsHealthy) return (status, json.RootElement.GetProperty("next_continuation_token").GetString()!);
                        reply = new StreamingReply(reply.Status, status.Code, "the channel was opened and is not well", "");
                    }

                    if (backoff.Failures + 1 >= _options.MaxReopens) throw _client.Failure($"Opening {Address}", reply, Address.Pipe);
                    await PauseAsync(backoff, reply, cancellationToken);
                    break;
                case ReplyAction.WaitForCommit when _client.Clock.GetElapsedTime(started) < _options.UncommittedTimeout:
                    // An answer: what failed before it was not the beginning of an outage, however long the wait is.
                    backoff.Reset();
                    refused = false;
                    Tell(NoticeKind.WaitingForCommit, reply.Summary);
                    await _client.Transport.PauseAsync(_options.PollInterval.Longest, cancellationToken);
                    break;
                case ReplyAction.WaitForCommit when waitForCommit:
                    // They never will be. Discarding them loses nothing: they are sent again from the log.
                    Tell(
                        NoticeKind.CommitOverdue,
                        $"rows in flight were not committed within {_options.UncommittedTimeout} and are discarded");
                    backoff.Reset();
                    (refused, waitForCommit) = (false, false);
                    body = "{}"u8.ToArray();
                    break;
                case ReplyAction.RefreshToken when !refused:
                    refused = true;
                    _client.RefuseToken(Address, reply);
                    break;
                case ReplyAction.Reconnect when !backoff.IsLastAttempt:
                    _client.Transport.Reconnect(generation);
                    await PauseAsync(backoff, reply, cancellationToken);
                    break;
                case ReplyAction.Resend when !backoff.IsLastAttempt:
                    await PauseAsync(backoff, reply, cancellationToken);
                    break;
                case ReplyAction.Reopen when backoff.Failures + 1 < _options.MaxReopens:
                    // Opening is what the table of errors asks for; a stale cache passes.
                    await PauseAsync(backoff, reply, cancellationToken);
                    break;
                case ReplyAction.Reopen or ReplyAction.Refuse when reply.Status == 404:
                    throw _client.Failure(
                        $"Opening {Address}", reply with { Code = "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED" }, Address.Pipe);
                default:
                    throw _client.Failure($"Opening {Address}", reply, Address.Pipe);
            }
        }
    }

    private Task PauseAsync(Backoff backoff, StreamingReply reply, CancellationToken cancellationToken)
    {
        Tell(NoticeKind.Resent, $"open: {reply.Summary}");
        return backoff.WaitAsync(reply.RetryAfter, cancellationToken);
    }

    /// <summary>
    /// The channel is new, or exists anew without the token it had. The rows in the table say how far it had come: opening it fenced
    /// every other writer, so no more can be added between that look and the next append, which gives the channel a token again.
    /// </summary>
    private async Task<long?> TokenFromRowsAsync(long? known, CancellationToken cancellationToken)
    {
        var stored = _known.HighestStoredOffset is { } read ? await read(cancellationToken) : null;
        if (stored is null && known is null) return null;
        if (stored is null || stored < known)
        {
            var rows = _known.HighestStoredOffset is null ? "was not looked at" : stored is null ? "holds no row of it"
                : $"holds its rows up to {stored} only";
            throw Break(new SnowflakeException(
                SnowflakeFault.TokenLost,
                $"{Address} has no offset token, although {known} was committed, and {Address.Pipe.Table} {rows}: the table was replaced "
                    + $"or emptied, or the channel dropped. Nothing is appended. {RestoreAdvice()}"));
        }

        Tell(
            NoticeKind.TokenRecovered,
            string.Create(CultureInfo.InvariantCulture, $"goes on after {stored}, the last offset in {Address.Pipe.Table}"));
        return stored;
    }

    /// <summary>
    /// A token that is further than this process knows must be that of rows in the table, or of rows that the table refused.
    /// </summary>
    private async Task ExplainAsync(long token, ChannelStatus status, CancellationToken cancellationToken)
    {
        if (_known.HighestStoredOffset is not { } read) return;
        if (_known.RestoreMissing is not null && status.RowErrors > 0 && status.LastErrorUpperBound == status.CommittedToken) return;
        var stored = await read(cancellationToken);
        if (stored >= token) return;
        throw Break(new SnowflakeException(
            SnowflakeFault.TokenMismatch,
            $"{Address} says it is committed up to {token}, but the last row of it in {Address.Pipe.Table} is {TextOf(stored)}: "
            + $"rows were rejected, or something else wrote the channel. See SELECT * FROM ERROR_TABLE({Address.Pipe.Table}). "
            + $"{DropAdvice()} {RestoreAdvice()}"));
    }

    private string DropAdvice() =>
        $"Nothing is appended. If the rows of {Address.Pipe.Table} are right, trade-ingest migrate --target snowflake --drop-channel "
            + $"{Address.Channel} makes it go on after them.";

    private string RestoreAdvice() =>
        $"If {Address.Pipe.Table} was replaced: ALTER TABLE {Address.Pipe.Table} RENAME TO {Address.Pipe.Table}_REPLACED; UNDROP TABLE "
        + $"{Address.Pipe.Table}; brings its rows back. If they are gone: trade-ingest migrate --target snowflake --reload empties what "
        + "was loaded and lets the log be read again from its first record.";

    private long? TokenOf(ChannelStatus status)
    {
        if (string.IsNullOrEmpty(status.CommittedToken)) return null;
        return long.TryParse(status.CommittedToken, NumberStyles.None, CultureInfo.InvariantCulture, out var token)
            ? token
            : throw Break(new SnowflakeException(
                SnowflakeFault.TokenMismatch,
                $"{Address} holds the offset token '{status.CommittedToken}', which is no offset: something else writes this channel. "
                    + $"{DropAdvice()}"));
    }

    /// <summary>Forgets what is committed by now; all the rest goes out again, after the token.</summary>
    private void Rewind(long? token)
    {
        _uncommitted.InsertRange(0, _covered);
        _covered.Clear();
        _sent = 0;
        _committed = null;
        Settle(token);
    }

    /// <summary>Takes note of how far the channel is committed.</summary>
    private void Settle(long? token)
    {
        if (token is null) return;
        _committed = token;
        while (_uncommitted.Count > 0 && _uncommitted[0].FirstOffset <= token)
        {
            var piece = _uncommitted[0];
            if (piece.LastOffset > token)
            {
                // Only another owner that cut its appends elsewhere can leave a token inside a piece. It has one row per offset.
                if (_sent > 0) return;
                (var covered, _uncommitted[0]) = piece.CutAfter(token.Value, _client.Transport.NextRequestId);
                _covered.Add(covered);
                piece.Dispose();
                return;
            }

            if (_sent > 0)
            {
                _sent--;
                _rowsCommittedSinceOpen += piece.Rows;
            }

            _uncommitted.RemoveAt(0);
            _covered.Add(piece);
        }
    }
}
