using System.Globalization;
using System.Text.Json;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>What is to be done about a reply.</summary>
internal enum ReplyAction
{
    Accept,

    /// <summary>Send the identical request again after a pause.</summary>
    Resend,

    /// <summary>Get another token, then once more.</summary>
    RefreshToken,

    /// <summary>The role lacks a privilege.</summary>
    Forbidden,

    /// <summary>Open the channel anew, read its token, go on after it.</summary>
    Reopen,

    /// <summary>Rows of an earlier owner are in flight.</summary>
    WaitForCommit,

    /// <summary>Ask for host and token anew, then open every channel anew.</summary>
    Reconnect,

    /// <summary>An object or a grant is missing.</summary>
    ObjectMissing,

    /// <summary>The request is wrong.</summary>
    Refuse,
}

/// <summary>A reply of the streaming interface, or the lack of one.</summary>
/// <param name="Status">The HTTP status; 0 when none came.</param>
/// <param name="Code">
/// Snowflake's code, from <c>code</c>, <c>error_code</c> or the numeric <c>status_code</c>; empty where there is none.
/// </param>
internal sealed record StreamingReply(int Status, string Code, string Message, string Body, Exception? Failure = null)
{
    /// <summary>The wait that the server asks for.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>For messages and notices.</summary>
    public string Summary => Failure is not null
        ? $"no reply ({Failure.Message})"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"HTTP {Status}{(Code.Length > 0 ? " " + Code : "")}{(Message.Length > 0 ? ": " + Message : "")}");

    /// <summary>The table of the protocol's errors.</summary>
    public ReplyAction Action => Status switch
    {
        >= 200 and < 300 => ReplyAction.Accept,
        0 or 408 or 429 or >= 500 => ReplyAction.Resend,
        401 => ReplyAction.RefreshToken,
        410 => ReplyAction.Reconnect,
        _ => ByCode(),
    };

    public static StreamingReply Parse(int status, string body)
    {
        if (status is >= 200 and < 300) return new StreamingReply(status, "", "", body);
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                var root = json.RootElement;
                var code = Text(root, "code") ?? Text(root, "error_code") ?? Text(root, "status_code") ?? "";
                return new StreamingReply(status, code, Text(root, "message") ?? Text(root, "error_message") ?? "", body);
            }
        }
        catch (JsonException)
        {
            // A proxy's page or plain text: the status has to do.
        }

        return new StreamingReply(status, "", body.Length > 200 ? body[..200] : body, body);
    }

    private ReplyAction ByCode() => Code switch
    {
        "ERR_CHANNEL_HAS_UNCOMMITTED_DATA" => ReplyAction.WaitForCommit,
        "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED" or "ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED" => ReplyAction.ObjectMissing,
        "3" => ReplyAction.RefreshToken,
        "4" => ReplyAction.Reopen,
        "1" or "5" or "6" => ReplyAction.Resend,
        _ when Code.StartsWith("STALE_", StringComparison.Ordinal)
            || Code.StartsWith("ERR_CHANNEL_", StringComparison.Ordinal) => ReplyAction.Reopen,
        _ when Code.Contains("InvalidClient", StringComparison.OrdinalIgnoreCase) => ReplyAction.Reconnect,
        _ => Status switch
        {
            403 => ReplyAction.Forbidden,
            404 or 409 => ReplyAction.Reopen,
            _ => ReplyAction.Refuse,
        },
    };

    private static string? Text(JsonElement json, string name) => !json.TryGetProperty(name, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };
}
