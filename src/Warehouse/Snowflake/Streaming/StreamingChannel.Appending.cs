using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

public sealed partial class StreamingChannel
{
    /// <summary>Sends what was not sent in this opening, in order. Inside a turn.</summary>
    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        while (_sent < _uncommitted.Count)
        {
            if (!_isOpen) await ReopenAsync(true, cancellationToken);
            if (_sent >= _uncommitted.Count) return;
            await MakeRoomAsync(cancellationToken);
            if (_sent >= _uncommitted.Count) return;
            await SendAsync(_uncommitted[_sent], cancellationToken);
        }
    }

    /// <summary>
    /// Sends one piece until it is accepted, or until the channel was opened anew and the order of pieces may be another.
    /// </summary>
    private async Task SendAsync(FrozenRows piece, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.Backoff, _client.Clock);
        var refused = false;
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"{StreamingClient.PathOf(Address, "/data")}/rows?continuationToken={Uri.EscapeDataString(_continuation)}"
            + $"&startOffsetToken={piece.FirstOffset}&endOffsetToken={piece.LastOffset}&requestId={piece.RequestId}");
        while (true)
        {
            await KeepIntervalAsync(cancellationToken);
            var reply = await _client.Transport.SendAsync(HttpMethod.Post, path, () => ContentOf(piece), cancellationToken);
            switch (reply.Action)
            {
                case ReplyAction.Accept:
                    Accept(reply);
                    return;
                case ReplyAction.Resend when !backoff.IsLastAttempt:
                    // Whether it was applied is not known. The identical request is safe: a used continuation token inserts nothing.
                    Resends++;
                    refused = false;
                    Tell(NoticeKind.Resent, $"offsets {piece.FirstOffset} to {piece.LastOffset}: {reply.Summary}");
                    await backoff.WaitAsync(reply.RetryAfter, cancellationToken);
                    break;
                case ReplyAction.RefreshToken when !refused:
                    refused = true;
                    _client.RefuseToken(Address, reply);
                    break;
                case ReplyAction.Reopen or ReplyAction.WaitForCommit:
                    await ReopenAfterAsync(reply, cancellationToken);
                    return;
                case ReplyAction.Reconnect:
                    _client.Transport.Reconnect(_generation);
                    await ReopenAfterAsync(reply, cancellationToken);
                    return;
                case ReplyAction.Resend:
                    throw _client.Failure($"Appending to {Address}", reply, Address.Pipe);
                default:
                    var what = $"Appending offsets {piece.FirstOffset} to {piece.LastOffset} to {Address}";
                    throw Break(_client.Failure(what, reply, Address.Pipe));
            }
        }
    }

    private void Accept(StreamingReply reply)
    {
        using var json = JsonDocument.Parse(reply.Body);
        _continuation = json.RootElement.GetProperty("next_continuation_token").GetString()!;
        _sent++;
        _reopening.Reset();
    }

    private async Task ReopenAfterAsync(StreamingReply reply, CancellationToken cancellationToken)
    {
        _isOpen = false;
        Tell(NoticeKind.Reopened, reply.Summary);
        if (_reopening.IsLastAttempt)
        {
            _reopening.Reset();
            throw _client.Failure($"Appending to {Address}, opened anew {_options.MaxReopens} times,", reply, Address.Pipe);
        }

        await _reopening.WaitAsync(reply.RetryAfter, cancellationToken);
        await ReopenAsync(true, cancellationToken);
    }

    // The bytes that were appended and may have to be sent again are bounded; more waits for commits.
    private async Task MakeRoomAsync(CancellationToken cancellationToken)
    {
        if (HasRoom()) return;
        var watch = new CommitWatch(this);
        while (true)
        {
            await LookAsync(watch, cancellationToken);
            if (_sent >= _uncommitted.Count || HasRoom()) return;
            await watch.Pauses.WaitAsync(cancellationToken);
        }
    }

    private bool HasRoom()
    {
        long bytes = 0;
        foreach (var piece in _covered) bytes += piece.BodyBytes;
        for (var i = 0; i < _sent; i++) bytes += _uncommitted[i].BodyBytes;
        return bytes == 0 || bytes + _uncommitted[_sent].BodyBytes <= _options.MaxUncommittedBytes;
    }

    private async Task KeepIntervalAsync(CancellationToken cancellationToken)
    {
        if (_options.AppendInterval <= TimeSpan.Zero) return;
        if (_lastAppend != 0)
        {
            var wait = _options.AppendInterval - _client.Clock.GetElapsedTime(_lastAppend);
            if (wait > TimeSpan.Zero) await _client.Transport.PauseAsync(wait, cancellationToken);
        }

        _lastAppend = _client.Clock.GetTimestamp();
    }

    private static ReadOnlyMemoryContent ContentOf(FrozenRows piece)
    {
        var content = new ReadOnlyMemoryContent(piece.Wire);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        content.Headers.ContentEncoding.Add("gzip");
        return content;
    }
}
