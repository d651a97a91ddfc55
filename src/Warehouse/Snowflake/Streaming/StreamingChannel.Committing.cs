using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

public sealed partial class StreamingChannel
{
    /// <summary>Takes note of a status asked for on behalf of several channels; opens the channel anew when it is not well.</summary>
    internal async Task CheckAsync(ChannelStatus? status, CancellationToken cancellationToken)
    {
        using var _ = await _turn.EnterAsync(cancellationToken);
        if (_broken is not null) return;
        if (await TakeAsync(status, cancellationToken)) return;
        await ReopenAsync(true, cancellationToken);
        await PumpAsync(cancellationToken);
    }

    // Appends take their turns between two looks.
    private async Task WaitForAsync(long offset, CancellationToken cancellationToken)
    {
        var watch = new CommitWatch(this);
        while (true)
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                ThrowIfBroken();
                if (_stored >= offset) return;
                await LookAsync(watch, cancellationToken);
                if (_stored >= offset) return;
            }
            finally
            {
                _turn.Release();
            }

            await watch.Pauses.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Asks for the status. Rows that do not commit in time are sent again through a new opening. Inside a turn.</summary>
    private async Task LookAsync(CommitWatch watch, CancellationToken cancellationToken)
    {
        var statuses = await _client.StatusAsync(Address.Pipe, [ServerName], cancellationToken);
        if (!await TakeAsync(statuses.GetValueOrDefault(ServerName), cancellationToken))
        {
            await ReopenAfterAsync(new StreamingReply(200, "", "the channel vanished or is not well", ""), cancellationToken);
            await PumpSentAsync(cancellationToken);
            return;
        }

        if (!watch.IsOverdue()) return;
        if (++watch.Overdue > _options.MaxReopens)
        {
            throw new SnowflakeException(
                SnowflakeFault.NotCommitted,
                $"{Address} accepts rows and does not commit them: it stands at {TextOf(_committed)}, {AppendedOffset} is appended, and "
                + $"opening it anew {_options.MaxReopens} times changed nothing. Look at SHOW CHANNELS and the state of "
                + $"{Address.Pipe.Table}.");
        }

        Tell(
            NoticeKind.CommitOverdue,
            $"nothing was committed for {_options.CommitTimeout}; the channel is opened anew and its rows sent again");
        _isOpen = false;
        await ReopenAsync(false, cancellationToken);
        await PumpSentAsync(cancellationToken);
        watch.Restart();
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

    /// <summary>What a wait for commits has seen: how far the channel was, since when, and how often that took too long.</summary>
    private sealed class CommitWatch(StreamingChannel channel)
    {
        private long _since = channel._client.Clock.GetTimestamp();
        private long? _before = channel._committed;

        public int Overdue { get; set; }

        public Backoff Pauses { get; } = new(channel._options.PollInterval, channel._client.Clock);

        public bool IsOverdue()
        {
            if (channel._committed == _before) return channel._client.Clock.GetElapsedTime(_since) >= channel._options.CommitTimeout;
            _before = channel._committed;
            Overdue = 0;
            Restart();
            return false;
        }

        public void Restart() => _since = channel._client.Clock.GetTimestamp();
    }
}
