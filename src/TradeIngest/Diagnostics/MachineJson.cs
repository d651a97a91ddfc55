using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>JSON as all of it is written for machines: names in snake_case.</summary>
internal static class MachineJson
{
    /// <summary>On one line.</summary>
    public static readonly JsonSerializerOptions Line = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Indented.</summary>
    public static readonly JsonSerializerOptions Document = new(Line) { WriteIndented = true };
}
