using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>
/// Names of channels that carry a partition of a log. The log's epoch is part of the name: a topic that was deleted and made anew counts
/// its offsets from 0 again, and must not meet the token of the old one.
/// </summary>
public static class ChannelName
{
    /// <returns>Such as <c>STOCK_TRADES_P3_9F86D081884C7D65</c>; the last part is a hash of epoch and topic.</returns>
    public static string Of(string epoch, string topic, int partition)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{epoch}\0{topic}")).AsSpan(0, 8));
        var readable = new StringBuilder(topic.Length);
        foreach (var letter in topic.ToUpperInvariant().Take(100)) readable.Append(char.IsAsciiLetterOrDigit(letter) ? letter : '_');
        if (readable.Length == 0 || char.IsAsciiDigit(readable[0])) readable.Insert(0, 'T');
        return string.Create(CultureInfo.InvariantCulture, $"{readable}_P{partition}_{digest}");
    }
}
