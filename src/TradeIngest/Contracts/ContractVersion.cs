using System.Text.Json;
using Crypto.TradeModel.Quality;

namespace Crypto.TradeIngest.Contracts;

/// <summary>The first thing looked at in a record's value: an object that names the version of its contract.</summary>
internal static class ContractVersion
{
    /// <returns>
    /// <see cref="ErrorReason.None"/>, or why <paramref name="root"/> is no record of version <paramref name="expected"/>.
    /// </returns>
    public static ErrorReason Check(JsonElement root, int expected)
    {
        if (root.ValueKind != JsonValueKind.Object) return ErrorReason.WrongType;
        if (!root.TryGetProperty("version"u8, out var version)) return ErrorReason.MissingField;
        if (version.ValueKind != JsonValueKind.Number) return ErrorReason.WrongType;
        return version.TryGetInt32(out var number) && number == expected ? ErrorReason.None : ErrorReason.UnknownContractVersion;
    }
}
