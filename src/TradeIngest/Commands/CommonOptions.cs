using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Commands;

/// <summary>Options that several commands take.</summary>
internal static class CommonOptions
{
    public const string JsonName = "--json";

    public const string DebugName = "--debug";

    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(1000);

    /// <summary>Of all commands.</summary>
    public static Option<bool> Debug() => new(DebugName) { Description = "Print the stack of an error too.", Recursive = true };

    public static Option<string?> Data() => new("--data")
    {
        Description = "The data folder. Default: ./data",
        HelpName = "DIR",
    };

    public static Option<bool> Json() => new(JsonName) { Description = "Print JSON for machines instead of text for people, errors too." };

    /// <summary>A number within bounds, which its message names.</summary>
    public static Option<T> Number<T>(string name, string description, T from, T to, T @default)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => @default,
            CustomParser = result => Parse(result, from, to) ?? @default,
        };

    /// <summary>The same for one that may be left out.</summary>
    public static Option<T?> OptionalNumber<T>(string name, string description, T from, T to)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            CustomParser = result => Parse(result, from, to),
        };

    public static Option<string?> Symbols(string description) => new("--symbols") { Description = description, HelpName = "A,B" };

    /// <summary>The tickers that a simulated exchange is to list.</summary>
    /// <exception cref="ConfigurationException">There is none, or some cannot be listed.</exception>
    public static IReadOnlyList<string> Listed(string symbols)
    {
        var tickers = SymbolPattern.Parse(symbols);
        var faults = tickers.Select(ListingCatalog.FaultOf).OfType<string>().ToList();
        if (tickers.Count == 0) faults.Add("--symbols names no ticker.");
        return faults.Count == 0 ? tickers : throw ConfigurationException.Of(faults);
    }

    /// <summary>Trades per second, or <c>max</c> where a command takes it.</summary>
    public static Option<string> Rate(string @default, bool takesMax = true) => new("--rate")
    {
        Description = $"Trades per second over all symbols{(takesMax ? ", or max" : "")}. Default: {@default}",
        HelpName = "R",
        DefaultValueFactory = _ => @default,
    };

    public static Option<long> Seed() =>
        Number("--seed", "Chooses one of the possible markets. Default: 1", long.MinValue, long.MaxValue, 1);

    /// <returns>Null for <c>max</c>.</returns>
    public static double? ParseRate(string rate, bool takesMax = true)
    {
        if (takesMax && rate.Equals("max", StringComparison.OrdinalIgnoreCase)) return null;
        return double.TryParse(rate, CultureInfo.InvariantCulture, out var value) && value is >= 0.001 and <= 10_000_000
            ? value
            : throw new ConfigurationException(
                $"--rate '{rate}' is {(takesMax ? "neither max nor" : "not")} a number from 0.001 to 10000000.");
    }

    private static T? Parse<T>(ArgumentResult result, T from, T to)
        where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= from && value <= to) return value;
        var kind = from is double ? "a number" : "a whole number";
        var name = ((OptionResult)result.Parent!).Option.Name;
        result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} '{text}' is not {kind} from {from} to {to}."));
        return null;
    }

    /// <summary>A time as options of the configuration take it: <c>15s</c>, <c>2m</c>, <c>00:01:30</c>.</summary>
    public static TimeSpan ParseDuration(string option, string text) =>
        OptionText.ParseDuration(text) is { } duration && duration > TimeSpan.Zero && duration <= LongestDuration
            ? duration
            : throw new ConfigurationException($"{option} '{text}' is no time such as 15s, 2m or 00:01:30, up to {LongestDuration.Days} "
                + "days.");
}
