using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake.Keys;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>
/// The SQL REST interface, version 2 (<c>docs.snowflake.com/en/developer-guide/sql-api</c>). Statements that run on are polled, results are
/// read partition by partition, a request without an answer is sent again with the same id and <c>retry=true</c>, which does not execute it
/// again if it succeeded; a statement that failed (422) is never repeated.
/// </summary>
public sealed class SqlApiClient : ISnowflakeSql
{
    private const string Path = "/api/v2/statements";

    // A partition of a result has some 100 MB at most.
    private const int MaxBodyBytes = 256 << 20;

    private readonly SqlApiOptions _options;
    private readonly KeyPairTokens _keys;
    private readonly TimeProvider _clock;
    private readonly Uri _account;
    private readonly HttpClient _http;

    /// <param name="handler">Stands in for the network in tests; default a pooled connection with certificate checks.</param>
    [SuppressMessage("Reliability", "CA2000", Justification = "The HTTP client owns its handler.")]
    public SqlApiClient(SqlApiOptions options, KeyPairTokens keys, TimeProvider clock, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _keys = keys;
        _clock = clock;
        _account = SnowflakeAddress.Check(options.AccountUrl);
        _http = new HttpClient(handler ?? new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.All,
            AllowAutoRedirect = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxBodyBytes,
        };
    }

    public async Task<SqlResult> ExecuteAsync(string sql, IReadOnlyList<SqlBind> binds, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(binds);
        var body = BodyOf(sql, binds);
        var requestId = Guid.CreateVersion7(_clock.GetUtcNow());
        var reply = await SendAsync(
            HttpMethod.Post, isRepeated => $"{Path}?requestId={requestId}&nullable=true{(isRepeated ? "&retry=true" : "")}", body,
            cancellationToken);
        if (reply.Status == 202) reply = await PollAsync(HandleOf(reply.Json), cancellationToken);
        using var json = reply.Json;
        return await ReadAsync(json.RootElement, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits for a statement that runs on; cancels it when the time is over or the caller gives up.</summary>
    private async Task<(int Status, JsonDocument Json)> PollAsync(string handle, CancellationToken cancellationToken)
    {
        var started = _clock.GetTimestamp();
        var pauses = new Backoff(_options.PollInterval, _clock);
        while (true)
        {
            try
            {
                await pauses.WaitAsync(cancellationToken);
                var reply = await SendAsync(HttpMethod.Get, _ => $"{Path}/{handle}", null, cancellationToken);
                if (reply.Status != 202) return reply;
                reply.Json.Dispose();
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await CancelAsync(handle);
                throw;
            }

            if (_clock.GetElapsedTime(started) < _options.StatementTimeout) continue;
            await CancelAsync(handle);
            throw new SnowflakeException(
                SnowflakeFault.Statement,
                $"Statement {handle} ran longer than {_options.StatementTimeout} and was canceled. Is warehouse {_options.Warehouse} "
                    + "suspended by its resource monitor?");
        }
    }

    private async Task CancelAsync(string handle)
    {
        // Best effort: the statement may have ended in the meantime, and its caller is going away.
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), _clock);
        var reply = await TryOnceAsync(HttpMethod.Post, $"{Path}/{handle}/cancel", null, limit.Token);
        reply.Json?.Dispose();
    }

    private async Task<SqlResult> ReadAsync(JsonElement reply, CancellationToken cancellationToken)
    {
        var handle = reply.TryGetProperty("statementHandle", out var id) ? id.GetString() ?? "" : "";
        if (!reply.TryGetProperty("resultSetMetaData", out var meta))
        {
            // Such as 391908, a result too large to be given: 200, and not the same as no rows.
            throw new SnowflakeException(
                SnowflakeFault.Statement, $"Statement {handle} gave no result: {TextOf(reply, "code")} {TextOf(reply, "message")}",
                code: TextOf(reply, "code"));
        }

        var columns = meta.GetProperty("rowType").EnumerateArray().Select(column => new SqlColumn(
            column.GetProperty("name").GetString()!, column.GetProperty("type").GetString()!,
            column.TryGetProperty("scale", out var scale) && scale.ValueKind == JsonValueKind.Number ? scale.GetInt32() : 0)).ToArray();
        var rows = new List<object?[]>();
        Take(reply.GetProperty("data"), columns, rows);
        var partitions = meta.TryGetProperty("partitionInfo", out var info) ? info.GetArrayLength() : 1;
        for (var i = 1; i < partitions; i++)
        {
            var partition = i;
            var (_, json) = await SendAsync(
                HttpMethod.Get, _ => string.Create(CultureInfo.InvariantCulture, $"{Path}/{handle}?partition={partition}"), null,
                cancellationToken);
            using (json) Take(json.RootElement.GetProperty("data"), columns, rows);
        }

        return new SqlResult(columns, rows, handle);
    }

    private static void Take(JsonElement data, SqlColumn[] columns, List<object?[]> rows)
    {
        foreach (var row in data.EnumerateArray())
        {
            var values = new object?[columns.Length];
            var i = 0;
            foreach (var value in row.EnumerateArray())
            {
                values[i] = SqlResult.Decode(value.GetString(), columns[i]);
                i++;
            }

            rows.Add(values);
        }
    }

    private async Task<(int Status, JsonDocument Json)> SendAsync(
        HttpMethod method, Func<bool, string> path, byte[]? body, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(_options.Backoff, _clock);
        var refused = false;
        for (var isRepeated = false; ; isRepeated = true)
        {
            var reply = await TryOnceAsync(method, path(isRepeated), body, cancellationToken);
            if (reply.Status is 200 or 202 && reply.Json is not null) return (reply.Status, reply.Json);
            var code = TextOf(reply.Json, "code");
            var message = reply.Failure?.Message ?? TextOf(reply.Json, "message");
            reply.Json?.Dispose();
            switch (reply.Status)
            {
                case 401 when !refused:
                    refused = true;
                    _keys.Invalidate();
                    break;
                case 0 or 200 or 202 or 429 or >= 500 when !backoff.IsLastAttempt:
                    await backoff.WaitAsync(reply.RetryAfter, cancellationToken);
                    break;
                default:
                    throw Failure(reply.Status, code, message, reply.Failure);
            }
        }
    }

    private async Task<(int Status, JsonDocument? Json, TimeSpan? RetryAfter, Exception? Failure)> TryOnceAsync(
        HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, new Uri(_account, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Current());
        request.Headers.Add("X-Snowflake-Authorization-Token-Type", "KEYPAIR_JWT");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd(SnowflakeUserAgent.Value);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            using var response = await _http.SendAsync(request, either.Token);
            var status = (int)response.StatusCode;
            if (status == 401 && response.Headers.Date is { } serverTime) _keys.ObserveServerTime(serverTime);
            var bytes = await response.Content.ReadAsByteArrayAsync(either.Token);
            return (status, ParseOrNull(bytes), Backoff.RetryAfter(response.Headers.RetryAfter, _clock), null);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (0, null, null, failure);
        }
    }

    private SnowflakeException Failure(int status, string code, string message, Exception? cause)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"HTTP {status}{(code.Length > 0 ? " " + code : "")}: {message}");
        return (status, code) switch
        {
            (422 or 408, _) => new StatementFailure(_options.Role, _options.Database, _options.Schema).Of(code, said, cause),
            (401, _) => new SnowflakeException(
                SnowflakeFault.Unauthorized,
                $"{said} A fresh token was refused. DESC USER must show RSA_PUBLIC_KEY_FP = {_keys.Fingerprint}; 'trade-ingest check "
                    + "--target snowflake' prints the ALTER USER line.", cause, code),
            (403, _) =>
                new SnowflakeException(
                    SnowflakeFault.Forbidden, $"{said} Check the network policy of the user and the role {_options.Role}.", cause, code),
            (0 or 200 or 202 or 429 or >= 500, _) =>
                new SnowflakeException(SnowflakeFault.Unreachable, $"{_account.Host} does not answer: {said}", cause, code),
            _ => new SnowflakeException(SnowflakeFault.Refused, said, cause, code),
        };
    }

    private byte[] BodyOf(string sql, IReadOnlyList<SqlBind> binds)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("statement", sql);
            writer.WriteNumber("timeout", (long)_options.StatementTimeout.TotalSeconds);
            if (_options.Database is not null) writer.WriteString("database", _options.Database);
            if (_options.Schema is not null) writer.WriteString("schema", _options.Schema);
            if (_options.Warehouse is not null) writer.WriteString("warehouse", _options.Warehouse);
            if (_options.Role is not null) writer.WriteString("role", _options.Role);
            if (binds.Count > 0)
            {
                writer.WriteStartObject("bindings");
                for (var i = 0; i < binds.Count; i++)
                {
                    writer.WriteStartObject((i + 1).ToString(CultureInfo.InvariantCulture));
                    writer.WriteString("type", binds[i].Number is null ? "TEXT" : "FIXED");
                    writer.WriteString("value", binds[i].Number?.ToString(CultureInfo.InvariantCulture) ?? binds[i].Text);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            }

            writer.WriteStartObject("parameters");
            writer.WriteString("query_tag", _options.QueryTag);
            writer.WriteString("timezone", "UTC");
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return body.WrittenSpan.ToArray();
    }

    private static string HandleOf(JsonDocument json)
    {
        using (json) return json.RootElement.GetProperty("statementHandle").GetString()!;
    }

    private static JsonDocument? ParseOrNull(byte[] bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            // A proxy's page: the status has to do.
            return null;
        }
    }

    private static string TextOf(JsonDocument? json, string name) => json is null ? "" : TextOf(json.RootElement, name);

    private static string TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value.ToString() : "";
}
