using System.Reflection;
using System.Runtime.InteropServices;

namespace Crypto.Warehouse.Snowflake;

/// <summary>How requests introduce themselves, in the form Snowflake recommends: <c>TradeIngest/1.0.0 (Linux X64)</c>.</summary>
internal static class SnowflakeUserAgent
{
    public static string Value { get; } =
        $"TradeIngest/{Assembly.GetExecutingAssembly().GetName().Version?.ToString(3) ?? "1.0.0"} "
            + $"({(OperatingSystem.IsLinux() ? "Linux" : OperatingSystem.IsMacOS() ? "macOS" : "Windows")} "
            + $"{RuntimeInformation.OSArchitecture})";
}
