using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crypto.SnowflakeEmulator.Faults;
using Crypto.SnowflakeEmulator.Sql;
using Crypto.SnowflakeEmulator.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Crypto.SnowflakeEmulator;

/// <summary>
/// An account of Snowflake on this machine, as far as this project uses one: key-pair sign-in, the streaming interface and the SQL
/// interface over plain HTTP, on a real engine, with faults to order. It follows the documentation and what other clients report; where
/// Snowflake differs, it is wrong.
/// </summary>
public sealed class EmulatedSnowflake : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, EmulatedSnowflake> Running = new(StringComparer.Ordinal);

    private readonly WebApplication _application;
    private readonly EmulatorOptions _options;
    private readonly TimeProvider _clock;
    private readonly StatementStore _statements;
    private readonly Dictionary<string, DateTimeOffset> _tokens = new(StringComparer.Ordinal);

    private EmulatedSnowflake(WebApplication application, EmulatorOptions options, TimeProvider clock)
    {
        _application = application;
        _options = options;
        _clock = clock;
        Faults = new FaultPlan(options.Seed);
        Keys = new KeyPairVerifier(options.Account, clock);
        Database = new EmulatedDatabase(clock, options.File);
        Channels = new ChannelStore(Database, options, Faults, clock);
        _statements = new StatementStore(Database, options, Faults);
    }

    public FaultPlan Faults { get; }

    public KeyPairVerifier Keys { get; }

    public EmulatedDatabase Database { get; }

    public ChannelStore Channels { get; }

    /// <summary>Base address of the account and of its streaming host.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Requests that hit something the emulator does not know; a test that has any is wrong, whatever it says.</summary>
    public IReadOnlyCollection<string> Untranslated
    {
        get
        {
            lock (_tokens) return [.. _untranslated];
        }
    }

    private readonly List<string> _untranslated = [];

    public static async Task<EmulatedSnowflake> StartAsync(EmulatorOptions options, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, options.Port);
            kestrel.Limits.MaxRequestBodySize = 64 << 20;
        });
        var application = builder.Build();
        var emulator = new EmulatedSnowflake(application, options, clock);
        application.Run(emulator.AnswerAsync);
        await application.StartAsync();
        emulator.Url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Running[new Uri(emulator.Url).Authority] = emulator;
        return emulator;
    }

    /// <summary>The one in this process that listens there, if any.</summary>
    /// <param name="authority">Host and port.</param>
    public static EmulatedSnowflake? At(string authority) => Running.GetValueOrDefault(authority);

    /// <summary>Forgets what was not translated: the test asked for it.</summary>
    public void Forgive()
    {
        lock (_tokens) _untranslated.Clear();
    }

    /// <summary>Takes a privilege away: the object then looks as if it did not exist.</summary>
    public void Deny(string name) => Database.Denied.Add(name);

    public void Allow(string name) => Database.Denied.Remove(name);

    public async ValueTask DisposeAsync()
    {
        Running.TryRemove(new Uri(Url).Authority, out _);
        await _application.StopAsync();
        await _application.DisposeAsync();
        Database.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            var reply = await ReplyAsync(context);
            if (reply is null)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = reply.Status;
            context.Response.ContentType = reply.ContentType;
            context.Response.Headers.Date = _clock.GetUtcNow().ToString("R");
            var body = Encoding.UTF8.GetBytes(reply.Body);
            if (reply.IsCompressed)
            {
                context.Response.Headers.ContentEncoding = "gzip";
                await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest, leaveOpen: true);
                await gzip.WriteAsync(body, context.RequestAborted);
            }
            else
            {
                await context.Response.Body.WriteAsync(body, context.RequestAborted);
            }
        }
        catch (UntranslatableException failure)
        {
            // Loud: neither a failure that Snowflake gives nor one that a client repeats.
            lock (_tokens) _untranslated.Add(failure.Message);
            context.Response.StatusCode = 405;
            await context.Response.WriteAsync(failure.Message);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client is gone.
        }
    }

    /// <returns>Null to break the connection.</returns>
    private async Task<Reply?> ReplyAsync(HttpContext context)
    {
        var body = await BodyAsync(context.Request);
        var path = context.Request.Path.Value!.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (path is ["v2", "streaming", "hostname"] or ["oauth", "token"]) return SignIn(context.Request, path[0] == "oauth", body);
        if (Faults.Fires(Fault.LostBefore)) return null;
        if (Faults.Fires(Fault.UnavailableBefore)) return Reply.Error(503, "", "Service unavailable");
        if (Faults.Fires(Fault.TooManyRequests)) return Reply.Error(429, "390505", "Too many requests.");
        var reply = path switch
        {
            ["v2", "streaming", ..] => Streaming(context.Request, path, body),
            ["api", "v2", "statements", ..] when _options.HasSqlInterface => Statement(context.Request, path, body),
            _ => Reply.Error(404, "", "no such resource"),
        };
        if (Faults.Fires(Fault.LostAfter)) return null;
        return Faults.Fires(Fault.ErrorAfter) ? Reply.Error(500, "", "Internal error") : reply;
    }

    private Reply SignIn(HttpRequest request, bool isExchange, byte[] body)
    {
        if (Keys.Verify(BearerOf(request), out var refusal) is null) return Reply.Error(401, refusal.Code, refusal.Message);
        var host = new Uri(Url).Authority;
        if (!isExchange) return _options.JsonTokens ? Reply.Json(200, new { hostname = Url }) : new Reply(200, Url, "text/plain");

        var form = Encoding.UTF8.GetString(body).Split('&').Select(pair => pair.Split('=')).ToDictionary(
            pair => pair[0], pair => WebUtility.UrlDecode(pair[1]), StringComparer.Ordinal);
        if (form.GetValueOrDefault("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer")
        {
            return Reply.Error(400, "390142", "unknown grant type");
        }

        if (form.TryGetValue("scope", out var scope) && scope != host) return Reply.Error(400, "390142", $"unknown scope {scope}");
        var expires = _clock.GetUtcNow() + _options.TokenLifetime;
        var claims = System.Buffers.Text.Base64Url.EncodeToString(
            JsonSerializer.SerializeToUtf8Bytes(new { exp = expires.ToUnixTimeSeconds() }));
        var token = $"e30.{claims}.{Convert.ToHexString(RandomNumberGenerator.GetBytes(16))}";
        lock (_tokens) _tokens[token] = expires;
        return _options.JsonTokens ? Reply.Json(200, new { token }) : new Reply(200, token, "text/plain");
    }

    private Reply Streaming(HttpRequest request, string[] path, byte[] body)
    {
        lock (_tokens)
        {
            if (!_tokens.TryGetValue(BearerOf(request), out var expires)
                || expires <= _clock.GetUtcNow()
                || Faults.Fires(Fault.ExpiredToken))
            {
                return Reply.Error(401, "390144", "The token is not valid.");
            }
        }

        if (Faults.Fires(Fault.FailedOver))
        {
            lock (_tokens) _tokens.Clear();
            return Reply.Error(410, "ERR_PIPE_FAILED_OVER", "The pipe failed over.");
        }

        switch (path)
        {
            case [_, _, "databases", var database, "schemas", var schema, "pipes", var pipe]
                when pipe.EndsWith(":bulk-channel-status", StringComparison.Ordinal):
                return Check(database, schema) ?? Channels.BulkStatus(pipe[..^":bulk-channel-status".Length], Names(body));
            case [_, _, "databases", var database, "schemas", var schema, "pipes", var pipe, "channels", var channel]
                when request.Method == "PUT":
                using (var json = JsonDocument.Parse(body.Length == 0 ? "{}"u8.ToArray() : body))
                {
                    var token = json.RootElement.TryGetProperty("offset_token", out var set) ? set.GetString() : null;
                    return Check(database, schema) ?? Channels.Open(pipe, channel, token, Flag(json.RootElement));
                }

            case [_, _, "databases", var database, "schemas", var schema, "pipes", var pipe, "channels", var channel]
                when request.Method == "DELETE":
                using (var json = JsonDocument.Parse(body.Length == 0 ? "{}"u8.ToArray() : body))
                {
                    return Check(database, schema) ?? Channels.Drop(pipe, channel, Flag(json.RootElement));
                }

            case [_, _, "data", "databases", var database, "schemas", var schema, "pipes", var pipe, "channels", var channel, "rows"]:
                if (request.ContentType != "application/x-ndjson") return Reply.Error(415, "", "unknown content type");
                if (request.ContentLength > 4_000_000) return Reply.Error(413, "", "too large");
                var rows = request.Headers.ContentEncoding == "gzip" ? Unzip(body) : body;
                return Check(database, schema)
                    ?? Channels.Append(pipe, channel, request.Query["continuationToken"]!, request.Query["endOffsetToken"]!, rows);
            default:
                return Reply.Error(404, "", "no such resource");
        }
    }

    private Reply Statement(HttpRequest request, string[] path, byte[] body)
    {
        if (request.Headers["X-Snowflake-Authorization-Token-Type"] != "KEYPAIR_JWT"
            || Keys.Verify(BearerOf(request), out var refusal) is null)
        {
            return Reply.Error(401, "390144", "JWT token is invalid.");
        }

        if (Faults.Fires(Fault.ExpiredToken)) return Reply.Error(401, "390318", "JWT token has expired.");
        if (string.IsNullOrEmpty(request.Headers.UserAgent)) return Reply.Error(400, "391903", "User-Agent is required.");
        switch (path)
        {
            case [_, _, _] when request.Method == "POST":
                using (var json = JsonDocument.Parse(body)) return _statements.Submit(
                    json.RootElement, request.Query["requestId"]!, request.Query["retry"] == "true");
            case [_, _, _, var handle] when request.Method == "GET":
                return _statements.Get(
                    handle,
                    int.TryParse(request.Query["partition"], System.Globalization.CultureInfo.InvariantCulture, out var partition)
                        ? partition
                        : 0);
            case [_, _, _, var handle, "cancel"] when request.Method == "POST":
                return _statements.Cancel(handle);
            default:
                return Reply.Error(405, "", "no such method");
        }
    }

    private Reply? Check(string database, string schema) =>
        database.Equals(_options.Database, StringComparison.OrdinalIgnoreCase)
            && schema.Equals(_options.Schema, StringComparison.OrdinalIgnoreCase)
            ? null
            : Reply.Error(404, "ERR_SCHEMA_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", $"{database}.{schema} does not exist or is not authorized.");

    private static string BearerOf(HttpRequest request) =>
        request.Headers.Authorization.ToString() is ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var token] ? token : "";

    private static bool Flag(JsonElement json) => json.TryGetProperty("fail_on_uncommitted_rows", out var flag) && flag.GetBoolean();

    private static List<string> Names(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return [.. json.RootElement.GetProperty("channel_names").EnumerateArray().Select(name => name.GetString()!)];
    }

    private static async Task<byte[]> BodyAsync(HttpRequest request)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        return body.ToArray();
    }

    private static byte[] Unzip(byte[] body)
    {
        using var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
