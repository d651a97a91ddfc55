using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Contracts;

/// <summary>
/// The value of one record on the topic <c>symbol_changes</c>: one change of one source. Times are UTC microseconds; an attribute
/// that is null has no value, one that is absent is not spoken of. Readers pass over fields and attributes they do not know, so a
/// later version may add some under the same number.
/// <code>
/// {"version":1,"source":"exchange_info","sequence":7,"exchange":"BINANCE","ticker":"BTCUSDT","operation":"upsert",
///  "valid_time":0,"recorded_time":1790446152701233,"attributes":{"base_asset":"BTC","quote_asset":"USDT","sector":null}}
/// </code>
/// </summary>
internal static class SymbolChangeJson
{
    public const int Version = 1;

    private const string Upsert = "upsert";
    private const string Delete = "delete";

    /// <summary>The record's key: the symbol and the change's hash, so that compaction removes repetitions and nothing else.</summary>
    public static byte[] Key(SymbolChange change) => Encoding.UTF8.GetBytes($"{change.Key}/{change.Hash}");

    public static byte[] Write(SymbolChange change)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteString("source", change.Source.Name());
        writer.WriteNumber("sequence", change.Sequence);
        writer.WriteString("exchange", change.Key.Exchange);
        writer.WriteString("ticker", change.Key.Ticker);
        writer.WriteString("operation", change.Operation == ChangeOperation.Delete ? Delete : Upsert);
        writer.WriteNumber("valid_time", change.ValidTime.Microseconds);
        writer.WriteNumber("recorded_time", change.RecordedTime.Microseconds);
        writer.WriteStartObject("attributes");
        foreach (var (attribute, value) in change.Attributes) writer.WriteString(attribute.Column(), value);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc cref="ContractVersion.TryRead"/>
    public static ErrorReason TryRead(ReadOnlyMemory<byte> utf8, out SymbolChange? change) =>
        ContractVersion.TryRead(utf8, Version, Read, out change);

    private static ErrorReason Read(JsonElement root, out SymbolChange? change)
    {
        change = null;
        if (!root.TryGetProperty("source"u8, out var source)
            || !root.TryGetProperty("sequence"u8, out var sequence)
            || !root.TryGetProperty("exchange"u8, out var exchange)
            || !root.TryGetProperty("ticker"u8, out var ticker)
            || !root.TryGetProperty("operation"u8, out var operation)
            || !root.TryGetProperty("valid_time"u8, out var validTime)
            || !root.TryGetProperty("recorded_time"u8, out var recordedTime)
            || !root.TryGetProperty("attributes"u8, out var attributes))
        {
            return ErrorReason.MissingField;
        }

        if (attributes.ValueKind != JsonValueKind.Object
            || SourceOf(source.GetString()) is not { } named
            || OperationOf(operation.GetString()) is not { } what
            || exchange.GetString() is not { Length: > 0 } market || ticker.GetString() is not { Length: > 0 } symbol
            || sequence.ValueKind != JsonValueKind.Number || validTime.ValueKind != JsonValueKind.Number
            || recordedTime.ValueKind != JsonValueKind.Number)
        {
            return ErrorReason.WrongType;
        }

        if (!sequence.TryGetInt64(out var order) || !validTime.TryGetInt64(out var valid) || !recordedTime.TryGetInt64(out var recorded))
        {
            return ErrorReason.NumberOutOfRange;
        }

        var values = ImmutableSortedDictionary.CreateBuilder<SymbolAttribute, string?>();
        foreach (var property in attributes.EnumerateObject())
        {
            if (SymbolAttributes.TryParse(property.Name, out var attribute)) values[attribute] = property.Value.GetString();
        }

        change = new SymbolChange(
            named, order, new NaturalKey(market, symbol), what, new Timestamp(valid), new Timestamp(recorded), values.ToImmutable());
        return ErrorReason.None;
    }

    private static ChangeSource? SourceOf(string? name)
    {
        foreach (var source in Enum.GetValues<ChangeSource>())
        {
            if (source.Name() == name) return source;
        }

        return null;
    }

    private static ChangeOperation? OperationOf(string? name) => name switch
    {
        Upsert => ChangeOperation.Upsert,
        Delete => ChangeOperation.Delete,
        _ => null,
    };
}
