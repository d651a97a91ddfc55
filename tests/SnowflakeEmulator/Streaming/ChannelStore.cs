using System.Globalization;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.SnowflakeEmulator.Sql;

namespace Crypto.SnowflakeEmulator.Streaming;

/// <summary>The channels of an account, and what each request does to them.</summary>
public sealed class ChannelStore
{
    private readonly Lock _gate = new();
    private readonly EmulatedDatabase _database;
    private readonly EmulatorOptions _options;
    private readonly FaultPlan _faults;
    private readonly TimeProvider _clock;
    private readonly Dictionary<(string Pipe, string Name), EmulatedChannel> _channels = [];

    private bool _holdsCommits;
    private TaskCompletionSource _nextAppend = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ChannelStore(EmulatedDatabase database, EmulatorOptions options, FaultPlan faults, TimeProvider clock)
    {
        _database = database;
        _options = options;
        _faults = faults;
        _clock = clock;
        database.TableReplaced = Forget;
    }

    /// <summary>Appends that were accepted.</summary>
    public long Appends { get; private set; }

    /// <summary>Ends with the next append that is accepted.</summary>
    public Task NextAppend
    {
        get
        {
            lock (_gate) return _nextAppend.Task;
        }
    }

    /// <summary>Rows the tables took.</summary>
    public long Rows { get; private set; }

    /// <summary>While true, appends are accepted and none commits.</summary>
    public bool HoldsCommits
    {
        get
        {
            lock (_gate) return _holdsCommits;
        }

        set
        {
            lock (_gate)
            {
                _holdsCommits = value;
                Settle();
            }
        }
    }

    /// <summary>Sets a channel's token from outside, as somebody else's program would.</summary>
    /// <param name="table">Where channels of several tables have the same name.</param>
    public void Tamper(string channel, string token, string? table = null)
    {
        lock (_gate) _channels.Values.Single(
            candidate => candidate.Name == channel && (table is null || candidate.Table == table)).CommittedToken = token;
    }

    /// <summary>Makes a channel unusable until it is opened anew.</summary>
    public void Invalidate(string channel)
    {
        lock (_gate)
        {
            foreach (var found in _channels.Values.Where(candidate => candidate.Name == channel)) found.IsInvalid = true;
        }
    }

    /// <summary>Deletes channels as thirty idle days do.</summary>
    public void Expire(string channel)
    {
        lock (_gate)
        {
            foreach (var key in _channels.Keys.Where(key => key.Name == channel).ToList()) _channels.Remove(key);
        }
    }

    /// <summary>Names of all channels.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_gate) return [.. _channels.Keys.Select(key => key.Name).Order(StringComparer.Ordinal)];
        }
    }

    internal Reply Open(string pipe, string name, string? setToken, bool failOnUncommitted)
    {
        lock (_gate)
        {
            Settle();
            if (TableOf(pipe) is not { } table) return Missing("ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", pipe);
            if (_database.Denied.Contains(table.Name)) return Missing("ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED", table.Name);
            name = name.ToUpperInvariant();
            if (_channels.TryGetValue((pipe, name), out var channel))
            {
                if (channel.Pending.Count > 0 && failOnUncommitted && !channel.IsInvalid)
                {
                    _faults.Note(Fault.Uncommitted);
                    return Reply.Error(409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", "The channel has uncommitted data.");
                }

                if (channel.Sequencer > 0) _faults.Note(Fault.Fenced);
            }
            else
            {
                _channels.Add((pipe, name), channel = new EmulatedChannel(pipe, table.Name, name));
            }

            channel.Pending.Clear();
            channel.IsInvalid = false;
            channel.Sequencer++;
            channel.NextAppend = 0;
            if (setToken is not null) channel.CommittedToken = setToken;
            return Reply.Json(
                200, new { next_continuation_token = channel.Continuation, channel_status = Status(channel, "rows_error_count") });
        }
    }

    internal Reply Append(string pipe, string name, string continuation, string endToken, byte[] body)
    {
        lock (_gate)
        {
            Settle();
            if (!_channels.TryGetValue((pipe, name.ToUpperInvariant()), out var channel))
            {
                return Missing("ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", name);
            }

            if (_database.Denied.Contains(channel.Table)) return Reply.Error(
                403, "ERR_NOT_AUTHORIZED", $"Insufficient privileges to operate on table '{channel.Table}'.");
            if (_faults.Fires(Fault.ChannelVanished))
            {
                _channels.Remove((pipe, channel.Name));
                return Missing("ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", name);
            }

            if (_faults.Fires(Fault.StaleSequencer)) channel.Sequencer++;
            if (_faults.Fires(Fault.ChannelInvalidated)) channel.IsInvalid = true;
            if (channel.IsInvalid) return Reply.Error(409, "ERR_CHANNEL_MUST_BE_REOPENED", "The channel is invalid and must be reopened.");
            var parts = continuation.Split('_');
            var sequencer = int.Parse(parts[0], CultureInfo.InvariantCulture);
            var append = int.Parse(parts[1], CultureInfo.InvariantCulture);
            if (sequencer != channel.Sequencer)
            {
                return Reply.Error(
                    400, "STALE_CONTINUATION_TOKEN_SEQUENCER",
                    "Channel sequencer in the continuation token is stale. Please reopen the channel");
            }

            if (append > channel.NextAppend) return Reply.Error(
                400, "ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER", "The row sequencer is ahead.");
            if (append < channel.NextAppend)
            {
                _faults.Note(Fault.UsedToken);
                return Reply.Json(200, new { next_continuation_token = channel.Continuation });
            }

            var due = _faults.Fires(Fault.StuckCommit)
                ? DateTimeOffset.MaxValue
                : _clock.GetUtcNow() + (_faults.Fires(Fault.DelayedCommit) ? _options.LongCommitDelay : _options.CommitDelay);
            if (channel.Pending.Count > 0 && channel.Pending[^1].Due > due) due = channel.Pending[^1].Due;
            channel.Pending.Add(new PendingAppend(body, endToken, due, SpoilNext(), _faults.Fires(Fault.RowLost)));
            channel.NextAppend++;
            Appends++;
            _nextAppend.SetResult();
            _nextAppend = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Settle(channel);
            return Reply.Json(200, new { next_continuation_token = channel.Continuation });
        }
    }

    internal Reply BulkStatus(string pipe, IReadOnlyList<string> names)
    {
        lock (_gate)
        {
            Settle();

            // Unlike the names in paths, those here are compared with their case.
            return Reply.Json(200, new
            {
                channel_statuses = names.Where(name => _channels.ContainsKey((pipe, name))).Distinct(StringComparer.Ordinal)
                    .ToDictionary(name => name, name => Status(_channels[(pipe, name)], "rows_errors"), StringComparer.Ordinal),
            });
        }
    }

    internal Reply Drop(string pipe, string name, bool failOnUncommitted)
    {
        lock (_gate)
        {
            Settle();
            if (!_channels.TryGetValue((pipe, name.ToUpperInvariant()), out var channel))
            {
                return Missing("ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", name);
            }

            if (channel.Pending.Count > 0 && failOnUncommitted) return Reply.Error(
                409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", "The channel has uncommitted data.");
            _channels.Remove((pipe, channel.Name));
            return new Reply(200, "");
        }
    }

    // The last row is another case than the first: the token is then ahead of all rows in the table.
    private Spoil SpoilNext()
    {
        if (_faults.Fires(Fault.AllRowsError)) return Spoil.AllRows;
        if (!_faults.Fires(Fault.RowError)) return Spoil.None;
        return _faults.Count(Fault.RowError) % 2 == 1 ? Spoil.FirstRow : Spoil.LastRow;
    }

    private static Reply Missing(string code, string name) => Reply.Error(404, code, $"'{name}' does not exist or is not authorized.");

    private static Dictionary<string, object?> Status(EmulatedChannel channel, string errorCount) => new(StringComparer.Ordinal)
    {
        ["database_name"] = "STREAMING_DB",
        ["schema_name"] = "PUBLIC",
        ["pipe_name"] = channel.Pipe,
        ["channel_name"] = channel.Name,
        ["channel_status_code"] = channel.IsInvalid ? "ERR_CHANNEL_MUST_BE_REOPENED" : "SUCCESS",
        ["last_committed_offset_token"] = channel.CommittedToken,
        ["rows_inserted"] = channel.Inserted,
        ["rows_parsed"] = channel.Parsed,
        [errorCount] = channel.Errors,
        ["last_error_offset_upper_bound"] = channel.LastErrorToken,
        ["last_error_message"] = channel.LastError,
        ["snowflake_avg_processing_latency_ms"] = 0,
    };

    private EmulatedTable? TableOf(string pipe)
    {
        const string Suffix = "-STREAMING";
        return pipe.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? _database.Table(pipe[..^Suffix.Length]) : null;
    }

    private void Forget(string table)
    {
        lock (_gate)
        {
            var forgotten = _channels
                .Where(pair => pair.Value.Table.Equals(table, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Key).ToList();
            foreach (var key in forgotten) _channels.Remove(key);
        }
    }

    private void Settle()
    {
        foreach (var channel in _channels.Values) Settle(channel);
    }

    private void Settle(EmulatedChannel channel)
    {
        while (!_holdsCommits && channel.Pending.Count > 0 && channel.Pending[0].Due <= _clock.GetUtcNow())
        {
            var pending = channel.Pending[0];
            channel.Pending.RemoveAt(0);
            var ingest = new RowIngest(_database.Table(channel.Table)!);
            _database.Inserting(connection =>
            {
                var (inserted, errors, lastError) = ingest.Insert(connection, pending.Body, pending.Spoil, pending.LoseFirstRow);
                channel.Inserted += inserted;
                Rows += inserted;
                channel.Parsed += inserted + errors;
                channel.Errors += errors;
                if (errors > 0) (channel.LastError, channel.LastErrorToken) = (lastError, pending.EndToken);
            });
            channel.CommittedToken = pending.EndToken;
        }
    }
}
