using System.Globalization;
using System.Text;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeModel.Contract;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What stands beside every record, so that a consumer can tell what the value is before it reads it.</summary>
internal static class RecordHeaders
{
    /// <summary>The contract's version, as decimal text. Equal to the value's own <c>version</c>.</summary>
    public const string SchemaVersion = "schema_version";

    /// <summary>Which program wrote the record.</summary>
    public const string Source = "source";

    public static ReadOnlySpan<byte> SchemaVersionUtf8 => "schema_version"u8;

    public static ReadOnlySpan<byte> SourceUtf8 => "source"u8;

    public static ReadOnlySpan<byte> SourceValue => "trade-ingest"u8;

    public static byte[] VersionOf(string topic) => Encoding.ASCII.GetBytes((topic switch
    {
        Topics.DeadLetters => DeadLetterJson.Version,
        Topics.SymbolChanges => SymbolChangeJson.Version,
        Topics.CaptureState => CaptureStateJson.Version,
        _ => TradeJson.Version,
    }).ToString(CultureInfo.InvariantCulture));
}
