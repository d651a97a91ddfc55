using System.Globalization;
using System.Text.Json;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>What Snowflake says of a channel, from the reply to an open or a bulk status.</summary>
/// <param name="Channel">The name as Snowflake spells it.</param>
/// <param name="Code"><c>SUCCESS</c>, <c>ACTIVE</c> or <c>0</c> when it is well.</param>
/// <param name="CommittedToken">The last offset token whose rows are in the table; null before the first.</param>
/// <param name="RowsInserted">Counted by Snowflake since some time; only differences mean something.</param>
/// <param name="RowErrors">Likewise.</param>
/// <param name="LastErrorUpperBound">Token of the append that held the last row error.</param>
/// <param name="LastError">Its message.</param>
public sealed record ChannelStatus(
    string Channel, string Code, string? CommittedToken, long RowsInserted, long RowErrors, string? LastErrorUpperBound, string? LastError)
{
    public bool IsHealthy =>
        Code is "" or "0" || Code.Equals("SUCCESS", StringComparison.OrdinalIgnoreCase)
            || Code.Equals("ACTIVE", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Reads
    /// <c>{"channel_name":"S","channel_status_code":"SUCCESS","last_committed_offset_token":"12","rows_inserted":0,…}</c>;
    /// the bulk form says <c>rows_errors</c>.
    /// </summary>
    internal static ChannelStatus Parse(JsonElement json, string requested) => new(
        Text(json, "channel_name") ?? requested,
        Text(json, "channel_status_code") ?? Text(json, "status_code") ?? "",
        Text(json, "last_committed_offset_token"),
        Number(json, "rows_inserted"),
        Math.Max(Number(json, "rows_error_count"), Number(json, "rows_errors")),
        Text(json, "last_error_offset_upper_bound"),
        Text(json, "last_error_message"));

    private static string? Text(JsonElement json, string name) => !json.TryGetProperty(name, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number => value.GetRawText(),
            _ => null,
        };

    private static long Number(JsonElement json, string name) =>
        long.TryParse(Text(json, name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
