using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake.Keys;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// A client of Snowpipe Streaming's high-performance architecture over REST
/// (<c>docs.snowflake.com/en/user-guide/snowpipe-streaming/snowpipe-streaming-high-performance-rest-api</c>).
/// <code>
/// using var keys = new KeyPairTokens("myorg-account1", "TS_SVC", new PrivateKeyFile("rsa_key.p8"), TimeProvider.System);
/// var options = new StreamingOptions { AccountUrl = "https://myorg-account1.snowflakecomputing.com" };
/// await using var client = new StreamingClient(options, keys, TimeProvider.System);
/// var events = PipeAddress.OfTable("DB", "PUBLIC", "EVENTS");
/// await using var channel = await client.OpenChannelAsync(new ChannelAddress(events, "EVENTS_P0"));
/// // Go on after channel.CommittedOffset.
/// using var batch = new RowBatch();
/// var row = batch.BeginRow(offset: 0);
/// row.Number("ID"u8, 1);
/// row.End();
/// await channel.AppendAsync(batch);
/// await channel.CommittedAsync(batch.LastOffset);   // now the rows are in the table, once
/// </code>
/// Thread-safe. Channels belong to the client and end with it.
/// </summary>
public sealed class StreamingClient : IAsyncDisposable
{
    // Replies are states of channels, some hundred bytes each.
    private const int MaxBodyBytes = 64 << 20;

    private readonly StreamingTransport _transport;
    private readonly HttpClient _http;
    private readonly Lock _gate = new();
    private readonly List<StreamingChannel> _channels = [];

    /// <param name="handler">Stands in for the network in tests; default a pooled connection with certificate checks.</param>
    [SuppressMessage("Reliability", "CA2000", Justification = "The HTTP client owns its handler.")]
    public StreamingClient(StreamingOptions options, KeyPairTokens keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;
        Clock = clock;

        // Timeouts are the transport's: they follow the clock.
        _http = new HttpClient(
            handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(10), AllowAutoRedirect = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxBodyBytes,
        };
        _transport = new StreamingTransport(options, keys, _http, clock);
    }

    internal StreamingOptions Options { get; }

    internal TimeProvider Clock { get; }

    internal StreamingTransport Transport => _transport;

    /// <summary>
    /// Opens a channel, taking it over from its owner, and reads how far it is committed. Waits for rows that an owner before
    /// left in flight.
    /// </summary>
    /// <param name="options">What this process knows of the channel from elsewhere.</param>
    /// <exception cref="SnowflakeException">It cannot be opened, or its token cannot be explained; nothing was appended.</exception>
    public async Task<StreamingChannel> OpenChannelAsync(
        ChannelAddress address, OpenOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        var channel = new StreamingChannel(this, address, options ?? new OpenOptions());
        await channel.OpenAsync(cancellationToken);
        lock (_gate) _channels.Add(channel);
        return channel;
    }

    /// <summary>
    /// Looks at all open channels, idle ones too, with one request per pipe: a channel that was invalidated while nothing was
    /// appended is opened anew. To be called now and then, such as every half minute.
    /// </summary>
    public async Task CheckHealthAsync(CancellationToken cancellationToken = default)
    {
        StreamingChannel[] channels;
        lock (_gate) channels = [.. _channels];
        foreach (var pipe in channels.GroupBy(channel => channel.Address.Pipe))
        {
            var statuses = await StatusAsync(pipe.Key, [.. pipe.Select(channel => channel.ServerName)], cancellationToken);
            foreach (var channel in pipe) await channel.CheckAsync(statuses.GetValueOrDefault(channel.ServerName), cancellationToken);
        }
    }

    /// <summary>The state of channels by name; channels that do not exist are missing.</summary>
    /// <param name="channels">Names with their case.</param>
    public async Task<IReadOnlyDictionary<string, ChannelStatus>> StatusAsync(
        PipeAddress pipe, IReadOnlyCollection<string> channels, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pipe);
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("channel_names");
            foreach (var channel in channels) writer.WriteStringValue(channel);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        var reply = await CallAsync(
            HttpMethod.Post, PathOf(pipe) + ":bulk-channel-status", () => JsonContentOf(body.WrittenMemory),
            $"The status of channels of pipe {pipe}", cancellationToken);
        using var json = JsonDocument.Parse(reply.Body);
        var statuses = new Dictionary<string, ChannelStatus>(StringComparer.Ordinal);
        if (json.RootElement.TryGetProperty("channel_statuses", out var all))
        {
            foreach (var entry in all.EnumerateObject()) statuses[entry.Name] = ChannelStatus.Parse(entry.Value, entry.Name);
        }

        return statuses;
    }

    /// <summary>
    /// Retires a channel: its token and counters are gone for good, its rows stay. One that does not exist is no failure.
    /// </summary>
    /// <param name="evenIfUncommitted">False refuses while rows are in flight.</param>
    public async Task DropChannelAsync(
        ChannelAddress address, bool evenIfUncommitted = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        var body = Encoding.UTF8.GetBytes(evenIfUncommitted ? "{}" : "{\"fail_on_uncommitted_rows\":true}");
        try
        {
            await CallAsync(HttpMethod.Delete, PathOf(address), () => JsonContentOf(body), $"Dropping {address}", cancellationToken);
        }
        catch (SnowflakeException failure) when (failure.Code == "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED")
        {
            // It was dropped before, by hand, by thirty idle days or with its table.
        }
    }

    public async ValueTask DisposeAsync()
    {
        StreamingChannel[] channels;
        lock (_gate) channels = [.. _channels];
        foreach (var channel in channels) await channel.DisposeAsync();
        _transport.Dispose();
        _http.Dispose();
    }

    internal static string PathOf(PipeAddress pipe, string area = "") =>
        $"/v2/streaming{area}/databases/{Uri.EscapeDataString(pipe.Database)}/schemas/{Uri.EscapeDataString(pipe.Schema)}"
        + $"/pipes/{Uri.EscapeDataString(pipe.Pipe)}";

    internal static string PathOf(ChannelAddress address, string area = "") =>
        $"{PathOf(address.Pipe, area)}/channels/{Uri.EscapeDataString(address.Channel)}";

    internal static ByteArrayContent JsonContentOf(ReadOnlyMemory<byte> body)
    {
        var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue("application/json");
        return content;
    }

    internal void Forget(StreamingChannel channel)
    {
        lock (_gate) _channels.Remove(channel);
    }

    /// <summary>Asks until there is an answer; for requests that may be repeated freely and concern no continuation token.</summary>
    internal async Task<StreamingReply> CallAsync(
        HttpMethod method, string path, Func<HttpContent?> content, string what, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(Options.Backoff, Clock);
        var refused = false;
        while (true)
        {
            var generation = _transport.Generation;
            var reply = await _transport.SendAsync(method, path, content, cancellationToken);
            if (reply.Action == ReplyAction.Accept) return reply;
            if (reply.Action == ReplyAction.RefreshToken && !refused)
            {
                refused = true;
                RefuseToken(null, reply);
                continue;
            }

            if (reply.Action is not (ReplyAction.Resend or ReplyAction.Reconnect) || backoff.IsLastAttempt) throw Failure(what, reply);

            if (reply.Action == ReplyAction.Reconnect) _transport.Reconnect(generation);
            Options.Observer?.Invoke(new StreamingNotice(null, NoticeKind.Resent, $"{what}: {reply.Summary}"));
            await backoff.WaitAsync(reply.RetryAfter, cancellationToken);
        }
    }

    internal void RefuseToken(ChannelAddress? channel, StreamingReply reply)
    {
        _transport.InvalidateToken();
        Options.Observer?.Invoke(new StreamingNotice(channel, NoticeKind.TokenRefused, reply.Summary));
    }

    /// <summary>A reply that ends a call, as an exception that says what to do.</summary>
    internal SnowflakeException Failure(string what, StreamingReply reply, PipeAddress? pipe = null)
    {
        var (fault, advice) = reply.Action switch
        {
            ReplyAction.RefreshToken => (SnowflakeFault.Unauthorized,
                "A fresh token was refused too. Compare RSA_PUBLIC_KEY_FP of DESC USER with 'trade-ingest check --target snowflake'."),
            ReplyAction.Forbidden => (SnowflakeFault.Forbidden, Grant(pipe)),
            ReplyAction.ObjectMissing => (
                SnowflakeFault.ObjectMissing,
                $"{(pipe is null ? "" : $"If it was dropped: UNDROP TABLE {pipe.Table}; ")}If it was never there: trade-ingest migrate "
                    + $"--target snowflake. If it is there: {Grant(pipe)}"),
            ReplyAction.Refuse => (SnowflakeFault.Refused, "The request is wrong; this is a defect, or a row the table cannot take."),
            ReplyAction.WaitForCommit => (SnowflakeFault.NotCommitted, "Rows of an earlier owner are in flight still."),
            ReplyAction.Reopen => (SnowflakeFault.Fenced, "Another process may own the channel: one process per partition."),
            _ => (SnowflakeFault.Unreachable, "Snowflake does not answer; see status.snowflake.com and the network policy of the user."),
        };
        return new SnowflakeException(fault, $"{what} failed: {reply.Summary.TrimEnd('.')}. {advice}", reply.Failure, reply.Code);
    }

    private string Grant(PipeAddress? pipe) => pipe is null
        ? $"Grant role {Options.Role} what 'trade-ingest migrate --print-bootstrap' lists."
        : $"Grant directly to the role the user signs in with: GRANT USAGE ON DATABASE {pipe.Database} TO ROLE {Options.Role}; "
            + $"GRANT USAGE ON SCHEMA {pipe.Database}.{pipe.Schema} TO ROLE {Options.Role}; GRANT INSERT, SELECT ON TABLE {pipe.Table} TO "
            + $"ROLE {Options.Role};";
}
