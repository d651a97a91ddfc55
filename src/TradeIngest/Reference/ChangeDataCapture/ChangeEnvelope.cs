using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference.ChangeDataCapture;

/// <summary>
/// One event of a database's change stream about a table of symbols, as Debezium's connectors for MySQL and PostgreSQL write it, with
/// or without its schema:
/// <code>
/// {"before":{"ticker":"SOLUSDT","risk_level":"MEDIUM"},"after":{"ticker":"SOLUSDT","risk_level":"HIGH"},
///  "source":{"connector":"postgresql","ts_ms":1790446152679,"lsn":24023128,"snapshot":"false"},"op":"u","ts_ms":1790446152701}
/// </code>
/// The table's columns are the attributes by name, the key is <c>ticker</c> (or <c>symbol</c>), <c>exchange</c> is optional; other
/// columns are passed over. Source: Debezium's documentation of data change events.
/// </summary>
internal static class ChangeEnvelope
{
    // What the PostgreSQL connector writes for a large value that an update did not touch.
    private const string Unavailable = "__debezium_unavailable_value";

    // Of two values of one name any reader takes another.
    private static readonly JsonDocumentOptions Format = new() { AllowDuplicateProperties = false };

    /// <summary>Reads an event into the assertions it makes; none for a tombstone, which only tells Kafka that it may compact.</summary>
    /// <exception cref="FormatException">It is no such event; the message says what is wrong.</exception>
    public static IReadOnlyList<SymbolChange> Read(ReadOnlyMemory<byte> json, Timestamp recorded)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Format);
            var root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Object && root.TryGetProperty("payload"u8, out var payload)) root = payload;
            return root.ValueKind switch
            {
                JsonValueKind.Null => [],
                JsonValueKind.Object => Read(root, recorded),
                _ => throw new FormatException("the event is no JSON object"),
            };
        }
        catch (JsonException failure)
        {
            throw new FormatException($"the event is no JSON: {failure.Message}", failure);
        }
        catch (InvalidOperationException failure)
        {
            throw new FormatException($"a field of the event has another type than expected: {failure.Message}", failure);
        }
    }

    private static SymbolChange[] Read(JsonElement root, Timestamp recorded)
    {
        var operation = root.TryGetProperty("op"u8, out var op) ? op.GetString() : throw new FormatException("the event has no 'op'");
        if (!root.TryGetProperty("source"u8, out var source) || source.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException("the event has no 'source'");
        }

        var time = TimeOf(source) ?? TimeOf(root) ?? throw new FormatException("the event has no 'ts_ms'");
        var position = PositionOf(source) ?? time.Microseconds;
        var before = RowOf(root, "before"u8);
        var after = RowOf(root, "after"u8);
        return operation switch
        {
            "c" or "u" => Write(Required(after, "after", operation), before, time, position, recorded),
            "d" => [Delete(Required(before, "before", operation), time, position, recorded)],
            "r" => Snapshot(Required(after, "after", operation), source, time, position, recorded),
            "t" => throw new FormatException("a truncated table (op 't') says nothing of single symbols; delete them one by one"),
            _ => throw new FormatException($"'{operation}' is no operation known here (c, u, d, r)"),
        };
    }

    private static SymbolChange[] Write(JsonElement after, JsonElement? before, Timestamp time, long position, Timestamp recorded)
    {
        var key = KeyOf(after);
        if (before is not { } old) return [Upsert(key, AttributesOf(after), time, position, recorded)];

        // A changed key is a symbol that went and one that came.
        if (KeyOf(old) != key) return [Delete(old, time, position, recorded), Upsert(key, AttributesOf(after), time, position, recorded)];
        var unchanged = AttributesOf(old);
        var changed = AttributesOf(after).RemoveRange(AttributesOf(after).Where(pair => unchanged.Contains(pair)).Select(pair => pair.Key));
        return changed.Count == 0 ? [] : [Upsert(key, changed, time, position, recorded)];
    }

    /// <summary>
    /// A snapshot says how things stand, not since when. The first one also holds for the time before; of several, the earliest does,
    /// hence the negative sequence: a connector that is set up again does not rewrite the beginning.
    /// </summary>
    private static SymbolChange[] Snapshot(JsonElement row, JsonElement source, Timestamp time, long position, Timestamp recorded)
    {
        var (key, attributes) = (KeyOf(row), AttributesOf(row));
        var standing = Upsert(key, attributes, time, position, recorded);
        var isIncremental = source.TryGetProperty("snapshot"u8, out var kind)
            && kind.ValueKind == JsonValueKind.String
            && kind.ValueEquals("incremental"u8);
        return isIncremental ? [standing] : [Upsert(key, attributes, Timestamp.Epoch, -position, recorded), standing];
    }

    private static SymbolChange Upsert(
        NaturalKey key, ImmutableSortedDictionary<SymbolAttribute, string?> attributes, Timestamp time, long position,
        Timestamp recorded) =>
        new(ChangeSource.ChangeDataCapture, position, key, ChangeOperation.Upsert, time, recorded, attributes);

    private static SymbolChange Delete(JsonElement row, Timestamp time, long position, Timestamp recorded) => new(
        ChangeSource.ChangeDataCapture, position, KeyOf(row), ChangeOperation.Delete, time, recorded,
        ImmutableSortedDictionary<SymbolAttribute, string?>.Empty);

    private static JsonElement? RowOf(JsonElement root, ReadOnlySpan<byte> name) =>
        root.TryGetProperty(name, out var row) && row.ValueKind == JsonValueKind.Object ? row : null;

    private static JsonElement Required(JsonElement? row, string name, string operation) =>
        row ?? throw new FormatException($"the event with op '{operation}' has no '{name}'");

    private static NaturalKey KeyOf(JsonElement row)
    {
        var ticker = TextOf(row, "ticker"u8) ?? TextOf(row, "symbol"u8);
        return string.IsNullOrWhiteSpace(ticker)
            ? throw new FormatException("the row has no 'ticker'")
            : new NaturalKey(TextOf(row, "exchange"u8) ?? Exchange.Binance, ticker.ToUpperInvariant());
    }

    private static ImmutableSortedDictionary<SymbolAttribute, string?> AttributesOf(JsonElement row)
    {
        var attributes = ImmutableSortedDictionary.CreateBuilder<SymbolAttribute, string?>();
        foreach (var column in row.EnumerateObject())
        {
            if (!SymbolAttributes.TryParse(column.Name, out var attribute)) continue;
            var value = Text(column.Value);
            if (value != Unavailable) attributes[attribute] = value;
        }

        return attributes.ToImmutable();
    }

    private static string? TextOf(JsonElement row, ReadOnlySpan<byte> name) => row.TryGetProperty(name, out var value) ? Text(value) : null;

    // Numbers keep the digits they are written with.
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new FormatException("a column holds a structure where a plain value is expected"),
    };

    private static Timestamp? TimeOf(JsonElement parent)
    {
        const int PerMillisecond = 1000;
        if (NumberOf(parent, "ts_us"u8) is { } micros) return Within(micros, 1, "ts_us");
        return NumberOf(parent, "ts_ms"u8) is { } millis ? Within(millis, PerMillisecond, "ts_ms") : null;
    }

    // The dimension's calendar; what lies outside is counted in another unit.
    private static Timestamp Within(long value, int microseconds, string name) =>
        value >= 0 && value < Timestamp.EndOfTime.Microseconds / microseconds
            ? new Timestamp(value * microseconds)
            : throw new FormatException($"'{name}' {value} is not within {Timestamp.Epoch} and {Timestamp.EndOfTime}");

    private static long? NumberOf(JsonElement parent, ReadOnlySpan<byte> name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : throw new FormatException($"'{Encoding.UTF8.GetString(name)}' is no whole number");
    }

    /// <summary>
    /// The place in the database's own log, which orders changes of one instant: PostgreSQL's LSN, or MySQL's file, position and row.
    /// </summary>
    private static long? PositionOf(JsonElement source)
    {
        if (NumberOf(source, "lsn"u8) is { } lsn) return lsn;
        if (NumberOf(source, "pos"u8) is not { } position) return null;

        // 18 bits of file number, 32 of position, 12 of row within the event.
        var file = TextOf(source, "file"u8) ?? "";
        _ = long.TryParse(file.AsSpan(file.LastIndexOf('.') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return ((number & 0x3FFFF) << 44) | (position << 12) | ((NumberOf(source, "row"u8) ?? 0) & 0xFFF);
    }
}
