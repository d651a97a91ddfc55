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
}
