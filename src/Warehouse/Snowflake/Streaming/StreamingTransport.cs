using System.Net.Http.Headers;
using System.Text.Json;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake.Keys;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// Sends requests to the streaming interface: finds its host, trades the key-pair token for one that holds there, and gives every
/// outcome as a reply, also the lack of one.
/// </summary>
internal sealed class StreamingTransport(
    StreamingOptions options, KeyPairTokens keys, HttpClient http, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan RefreshBefore = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan AssumedLifetime = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _connecting = new(1, 1);
    private readonly Uri _account = SnowflakeAddress.Check(options.AccountUrl);
    private Uri? _host;
    private string? _token;
    private DateTimeOffset _refreshAt;

    /// <summary>Rises with every reconnect.</summary>
    public int Generation { get; private set; }

    public Guid NextRequestId() => Guid.CreateVersion7(clock.GetUtcNow());

    public Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) => Task.Delay(pause, clock, cancellationToken);

    /// <summary>One attempt.</summary>
    /// <exception cref="SnowflakeException">There is no token to send it with.</exception>
    public async Task<StreamingReply> SendAsync(
        HttpMethod method, string path, Func<HttpContent?> content, CancellationToken cancellationToken)
    {
        var (host, token) = await ConnectAsync(cancellationToken);
        return await SendOnceAsync(method, new Uri(host, path), token, content, cancellationToken);
    }

    /// <summary>Forgets the token: the server refused it.</summary>
    public void InvalidateToken()
    {
        _token = null;
        keys.Invalidate();
    }

    /// <summary>Forgets host and token, once per generation.</summary>
    public void Reconnect(int generation)
    {
        if (generation != Generation) return;
        Generation++;
        _host = null;
        InvalidateToken();
        options.Observer?.Invoke(new StreamingNotice(null, NoticeKind.Reconnected, "host and token are asked for anew"));
    }

    public void Dispose() => _connecting.Dispose();

    private async Task<(Uri Host, string Token)> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_host is { } known && _token is { } current && clock.GetUtcNow() < _refreshAt) return (known, current);
        using var _ = await _connecting.EnterAsync(cancellationToken);
        var host = _host ??= await DiscoverAsync(cancellationToken);
        if (_token is null || clock.GetUtcNow() >= _refreshAt) await ExchangeAsync(host, cancellationToken);
        return (host, _token!);
    }

    private async Task<Uri> DiscoverAsync(CancellationToken cancellationToken)
    {
        if (options.IngestHost is { Length: > 0 } configured) return HostOf(configured);
        var body = await AskAsync(
            "/v2/streaming/hostname", HttpMethod.Get, static _ => null, "The host of the streaming interface", cancellationToken);
        return HostOf(ValueOf(body, "hostname"));
    }

    private async Task ExchangeAsync(Uri host, CancellationToken cancellationToken)
    {
        var scope = host.IsDefaultPort ? host.Host : host.Authority;
        var body = await AskAsync("/oauth/token", HttpMethod.Post, Form, "A token for the streaming interface", cancellationToken);
        var token = ValueOf(body, "token", "access_token");
        var expires = ExpiryOf(token) ?? (clock.GetUtcNow() + AssumedLifetime);
        _refreshAt = expires - RefreshBefore;
        _token = token;

        HttpContent Form(string jwt)
        {
            var fields = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["grant_type"] = "urn:ietf:params:oauth:grant-type:jwt-bearer",
            };
            if (options.ScopedTokens) fields["scope"] = scope;
            else fields["assertion"] = jwt;
            return new FormUrlEncodedContent(fields);
        }
    }

    /// <summary>Asks the account with a key-pair token, patiently.</summary>
    private async Task<string> AskAsync(
        string path, HttpMethod method, Func<string, HttpContent?> content, string what, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.Backoff, clock);
        var refused = false;
        while (true)
        {
            var jwt = keys.Current();
            var reply = await SendOnceAsync(method, new Uri(_account, path), jwt, () => content(jwt), cancellationToken);
            switch (reply.Action)
            {
                case ReplyAction.Accept:
                    return reply.Body;
                case ReplyAction.Resend when !backoff.IsLastAttempt:
                    options.Observer?.Invoke(new StreamingNotice(null, NoticeKind.Resent, $"{path}: {reply.Summary}"));
                    await backoff.WaitAsync(reply.RetryAfter, cancellationToken);
                    break;
                case ReplyAction.Resend:
                    throw new SnowflakeException(
                        SnowflakeFault.Unreachable, $"{what} could not be had from {_account}: {reply.Summary}.", reply.Failure,
                        reply.Code);
                case ReplyAction.RefreshToken when !refused:
                    refused = true;
                    keys.Invalidate();
                    break;
                default:
                    throw new SnowflakeException(
                        reply.Status == 403 ? SnowflakeFault.Forbidden : SnowflakeFault.Unauthorized,
                        $"{what} was refused by {_account}: {reply.Summary}. Check that Snowflake:Account and Snowflake:User are right and "
                        + $"that DESC USER shows RSA_PUBLIC_KEY_FP = {keys.Fingerprint}; 'trade-ingest check --target snowflake' prints "
                        + "the ALTER USER line.",
                        code: reply.Code);
            }
        }
    }

    private async Task<StreamingReply> SendOnceAsync(
        HttpMethod method, Uri uri, string token, Func<HttpContent?> content, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(options.RequestTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        using var request = new HttpRequestMessage(method, uri);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Headers.UserAgent.ParseAdd(SnowflakeUserAgent.Value);
        if (uri.Host == _account.Host && !uri.AbsolutePath.Contains("/databases/", StringComparison.Ordinal))
        {
            request.Headers.Add("X-Snowflake-Authorization-Token-Type", "KEYPAIR_JWT");
        }

        request.Content = content();
        try
        {
            using var response = await http.SendAsync(request, either.Token);
            if ((int)response.StatusCode == 401 && response.Headers.Date is { } serverTime) keys.ObserveServerTime(serverTime);
            var reply = StreamingReply.Parse((int)response.StatusCode, await response.Content.ReadAsStringAsync(either.Token));
            return reply with { RetryAfter = Backoff.RetryAfter(response.Headers.RetryAfter, clock) };
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new StreamingReply(0, "", "", "", failure);
        }
    }

    /// <summary>The documented JSON form, or the plain text that servers send.</summary>
    private static string ValueOf(string body, params ReadOnlySpan<string> names)
    {
        var text = body.Trim();
        if (!text.StartsWith('{')) return text.Trim('"');
        using var json = JsonDocument.Parse(text);
        foreach (var name in names)
        {
            if (json.RootElement.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } found) return found;
        }

        throw new SnowflakeException(SnowflakeFault.Unreachable, $"A reply holds none of: {string.Join(", ", names!)}.");
    }

    // Certificates of the streaming hosts spell underscores of account names as dashes.
    private static Uri HostOf(string host) => host.Contains("://", StringComparison.Ordinal)
        ? SnowflakeAddress.Check(host)
        : SnowflakeAddress.Check("https://" + host.Replace('_', '-'));

    private static DateTimeOffset? ExpiryOf(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3) return null;
        try
        {
            using var claims = JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(parts[1]));
            return claims.RootElement.TryGetProperty("exp", out var expires) && expires.TryGetInt64(out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
        }
        catch (Exception failure) when (failure is FormatException or JsonException)
        {
            // An opaque token: its life is assumed, and a refusal asks for another.
            return null;
        }
    }
}
