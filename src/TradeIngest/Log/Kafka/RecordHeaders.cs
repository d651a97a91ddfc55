using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeModel.Contract;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>What stands beside every record, so that a consumer can tell what the value is before it reads it.</summary>
internal static class RecordHeaders
{
    /// <summary>The contract's version, as decimal text. Equal to the value's own <c>version</c>.</summary>
    public const string SchemaVersion = "schema_version";

    /// <summary>Which program wrote the record.</summary>
    public const string Source = "source";

    public static Headers Of(string topic)
    {
        var version = topic switch
        {
            Topics.DeadLetters => DeadLetterJson.Version,
            Topics.SymbolChanges => SymbolChangeJson.Version,
            _ => TradeJson.Version,
        };
        return new Headers
        {
            { SchemaVersion, Encoding.ASCII.GetBytes(version.ToString(CultureInfo.InvariantCulture)) },
            { Source, "trade-ingest"u8.ToArray() },
        };
    }
}
