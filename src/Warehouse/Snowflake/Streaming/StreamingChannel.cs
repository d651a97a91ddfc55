using System.Diagnostics.CodeAnalysis;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// A named channel: rows go in with rising offsets, and each is in the table exactly once, through any failure. Appended rows
/// are kept until they are committed, so that the channel itself sends again what another opening of it discarded.
/// <para>
/// One append is in flight at a time. Calls from several threads take turns. After a failure that needs a person every call throws it
/// again, and nothing more is appended.
/// </para>
/// </summary>
public sealed partial class StreamingChannel : IAsyncDisposable
{
    private readonly StreamingClient _client;
    private readonly StreamingOptions _options;
    private readonly OpenOptions _known;
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Appended and not known to be committed, in order; the first _sent of them were accepted in this opening.
    private readonly List<FrozenRows> _uncommitted = [];
    private int _sent;

    // Covered by the token, and not yet known to be in the table row by row.
    private readonly List<FrozenRows> _covered = [];

    private string _continuation = "";
    private long? _committed;
    private int _generation;
    private readonly Backoff _reopening;
    private long _errorsAtOpen;
    private long _errorsSeen;
    private long _insertedAtOpen;
    private long _rowsCommittedSinceOpen;
    private long _rowsPassed;

    // How far the channel was committed when it was opened: errors of rows before it may be counted in the baseline.
    private long _coveredAtOpen = -1;

    // Once this offset is committed, what is covered has to be looked for in the table; and how many errors that has to explain, if any
    // were counted.
    private (long UpTo, long? Errors)? _suspicion;

    // The last offset of rows that are in the table.
    private long? _stored;
    private bool _isOpen;

    // True while the channel has no token of its own, and how far it is committed was read from the rows.
    private bool _isTokenFromRows;
    private SnowflakeException? _broken;
    private long _lastAppend;

    internal StreamingChannel(StreamingClient client, ChannelAddress address, OpenOptions known)
    {
        _client = client;
        _options = client.Options;
        _reopening = new Backoff(new BackoffOptions(_options.ReopenPause, _options.ReopenPause * 2, _options.MaxReopens + 1), client.Clock);
        _known = known;
        Address = address;
        ServerName = address.Channel;
    }

    public ChannelAddress Address { get; }

    /// <summary>The last offset whose rows are in the table; null before the first. Where the source goes on, plus one.</summary>
    public long? CommittedOffset => _stored;

    /// <summary>The last offset that was taken over, committed or not.</summary>
    public long? AppendedOffset => _uncommitted.Count > 0 ? _uncommitted[^1].LastOffset : _committed;

    /// <summary>Rows not sent because their offset was appended before: the source came back to them.</summary>
    public long SkippedRows { get; private set; }

    /// <summary>Times the channel was opened anew after the first.</summary>
    public int TimesReopened { get; private set; }

    /// <summary>Rows that were covered by the token, were not in the table, and were added.</summary>
    public long RestoredRows { get; private set; }

    /// <summary>Attempts repeated byte for byte.</summary>
    public long Resends { get; private set; }

    /// <summary>The name as Snowflake spells it: statuses are looked up by it, with its case.</summary>
    internal string ServerName { get; private set; }

    /// <summary>
    /// Appends the rows of a batch. Rows whose offset was appended before are skipped. Returns when Snowflake has taken them, which is
    /// not yet in the table; the batch may then be used again.
    /// </summary>
    /// <exception cref="SnowflakeException">
    /// Not all rows could be sent. If it is transient, those taken over are sent first by the next call, and the same batch may be passed
    /// again.
    /// </exception>
    public async Task AppendAsync(RowBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var _ = await _turn.EnterAsync(cancellationToken);
        ThrowIfBroken();
        await PumpAsync(cancellationToken);
        if (batch.Count == 0) return;
        _rowsPassed += batch.Count;
        if (batch.UpTo(_coveredAtOpen, _rowsPassed) is { } skipped) await RestoreAsync(skipped, cancellationToken);
        var after = AppendedOffset ?? -1;
        var rows = 0;
        foreach (var piece in FrozenRows.Of(batch, after, _options.MaxBodyBytes, _options.MaxWireBytes, _client.Transport.NextRequestId))
        {
            rows += piece.Rows;
            _uncommitted.Add(piece);
        }

        SkippedRows += batch.Count - rows;
        await PumpAsync(cancellationToken);
    }

    /// <summary>Returns when the rows up to this offset are in the table, and every row of this opening is.</summary>
    /// <param name="offset">One that was appended, or is committed.</param>
    /// <exception cref="SnowflakeException">
    /// Rows were rejected by the table, the channel stopped committing, or its token makes no sense.
    /// </exception>
    public async Task CommittedAsync(long offset, CancellationToken cancellationToken = default)
    {
        if (offset > (AppendedOffset ?? -1)) throw new ArgumentOutOfRangeException(
            nameof(offset), offset, $"Only {AppendedOffset} is appended.");
        await WaitForAsync(offset, cancellationToken);
    }

    /// <summary>Waits until everything appended is in the table.</summary>
    public Task FlushAsync(CancellationToken cancellationToken = default) =>
        AppendedOffset is { } last ? CommittedAsync(last, cancellationToken) : Task.CompletedTask;

    /// <summary>Ends the use of the channel here; what is in flight commits on its own. The token stays with Snowflake.</summary>
    [SuppressMessage("Usage", "CA1816", Justification = "Sealed, without a finalizer.")]
    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        _broken ??= new SnowflakeException(SnowflakeFault.Configuration, $"{Address} is closed here.");
        foreach (var piece in _uncommitted) piece.Dispose();
        foreach (var piece in _covered) piece.Dispose();
        _uncommitted.Clear();
        _covered.Clear();
        _sent = 0;
        _turn.Release();
        _client.Forget(this);
    }

    private void ThrowIfBroken()
    {
        // A new exception each time: throwing the same object from several threads would mix up their traces.
        if (_broken is { } failure) throw new SnowflakeException(failure.Fault, failure.Message, failure, failure.Code);
    }

    /// <summary>Ends the channel for good: a person has to act.</summary>
    private SnowflakeException Break(SnowflakeException failure) => _broken ??= failure;

    private static string TextOf(long? offset) => offset?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";

    private void Tell(NoticeKind kind, string detail) => _options.Observer?.Invoke(new StreamingNotice(Address, kind, detail));
}
