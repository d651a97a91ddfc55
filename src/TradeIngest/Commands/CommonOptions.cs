using System.CommandLine;
using System.Globalization;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Commands;

/// <summary>Options that several commands take.</summary>
internal static class CommonOptions
{
    public static Option<string?> Data() => new("--data")
    {
        Description = "The data folder. Default: ./data",
        HelpName = "DIR",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON for machines instead of text for people." };

    public static Option<string?> Symbols(string description) => new("--symbols") { Description = description, HelpName = "A,B" };

    /// <summary>Trades per second, or <c>max</c>.</summary>
    public static Option<string> Rate(string @default) => new("--rate")
    {
        Description = $"Trades per second over all symbols, or max. Default: {@default}",
        HelpName = "R",
        DefaultValueFactory = _ => @default,
    };

    public static Option<long> Seed() => new("--seed")
    {
        Description = "Chooses one of the possible markets. Default: 1",
        HelpName = "S",
        DefaultValueFactory = _ => 1,
    };

    /// <returns>Null for <c>max</c>.</returns>
    public static double? ParseRate(string rate)
    {
        if (rate.Equals("max", StringComparison.OrdinalIgnoreCase)) return null;
        return double.TryParse(rate, CultureInfo.InvariantCulture, out var value) && value is >= 0.001 and <= 10_000_000
            ? value
            : throw new ConfigurationException($"--rate '{rate}' is neither max nor a number from 0.001 to 10000000.");
    }

    /// <summary>Seconds, or a number with s, m or h.</summary>
    public static TimeSpan ParseDuration(string option, string text)
    {
        const double MaxSeconds = 1e8;
        var factor = text.Length > 0 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        var number = factor == 0 ? text : text[..^1];
        var isNumber = double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value);
        return isNumber && value is > 0 and <= MaxSeconds
            ? TimeSpan.FromSeconds(value * Math.Max(1, factor))
            : throw new ConfigurationException($"{option} '{text}' is no time such as 15s or 2m.");
    }
}
