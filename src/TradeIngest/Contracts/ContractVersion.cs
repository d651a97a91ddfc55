using System.Text.Json;
using Crypto.TradeModel.Quality;

namespace Crypto.TradeIngest.Contracts;

/// <summary>Reads one kind of record from its JSON object, whose version is known to be right.</summary>
/// <returns><see cref="ErrorReason.None"/>, or why it is no such record.</returns>
internal delegate ErrorReason RecordReader<T>(JsonElement root, out T? record);

/// <summary>The first thing looked at in a record's value: an object that names the version of its contract.</summary>
internal static class ContractVersion
{
    /// <returns><see cref="ErrorReason.None"/>, or why <paramref name="utf8"/> is no record. Throws for no bytes whatever.</returns>
    public static ErrorReason TryRead<T>(ReadOnlyMemory<byte> utf8, int expected, RecordReader<T> read, out T? record)
    {
        record = default;
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var fault = Check(document.RootElement, expected);
            return fault == ErrorReason.None ? read(document.RootElement, out record) : fault;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            // The latter two: invalid UTF-8 or a lone surrogate, which the document lets pass until the text is asked for, an element
            // of another kind, or a number that is no id.
            return ErrorReason.MalformedJson;
        }
    }

    private static ErrorReason Check(JsonElement root, int expected)
    {
        if (root.ValueKind != JsonValueKind.Object) return ErrorReason.WrongType;
        if (!root.TryGetProperty("version"u8, out var version)) return ErrorReason.MissingField;
        if (version.ValueKind != JsonValueKind.Number) return ErrorReason.WrongType;
        return version.TryGetInt32(out var number) && number == expected ? ErrorReason.None : ErrorReason.UnknownContractVersion;
    }
}
