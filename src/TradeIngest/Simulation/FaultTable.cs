using System.Globalization;
using System.Text;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation;

/// <summary>A fault that can be asked for as <c>NAME=VALUE</c>.</summary>
/// <param name="Form">What the value looks like, such as <c>SHARE</c>.</param>
/// <param name="Example">A value.</param>
/// <param name="Meaning">A sentence for users.</param>
/// <param name="TrySet">Sets what the value says; false when it is none.</param>
internal sealed record FaultDescriptor(string Name, string Form, string Example, string Meaning, Func<Faults, string, bool> TrySet)
{
    public string Usage => $"{Name}={Form}";

    /// <summary>Whether it may be given several times: each status and each ticker is a fault of its own.</summary>
    public bool Repeats => Form.StartsWith("STATUS", StringComparison.Ordinal) || Form.StartsWith("TICKER", StringComparison.Ordinal);
}

/// <summary>The faults that users can ask for. What is read, explained and documented of them comes from here.</summary>
internal static class FaultTable
{
    public const string Forms =
        "SHARE is how many of them, from 0 to 1; TIME a number with its unit, from 1ms to 30d; STATUS 400 to 599. "
        + "Faults with a STATUS or TICKER may be given several times; 429 and 418 come with Retry-After, of the TIME or else 1s and 2m.";

    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(30);

    public static IReadOnlyList<FaultDescriptor> All { get; } =
    [
        Share("drop", "0.01", "Trades kept from the streams; REST has them.", (faults, chance) => faults.Drop = chance),
        Share("malformed", "0.001", "Trades whose frame breaks off before its end; REST has them.",
            (faults, chance) => faults.Malformed = chance),
        Share("foreign", "0.001", "Trades followed by a frame of FOREIGNUSDT, a symbol that nobody subscribed to.",
            (faults, chance) => faults.Foreign = chance),
        new("disconnect", "TIME[:close|:reset]", "30s",
            "Every so often one open connection is cut, by a reset or with a closing handshake. Default: reset.",
            TrySetDisconnect),
        Time("lifetime", "24h", "The age at which a connection gets serverShutdown and is closed. Default: 24h.",
            (faults, time) => faults.Lifetime = time),
        Time("stall", "20s", "The age at which a connection falls silent, pings included, and stays open.",
            (faults, time) => faults.Stall = time),
        Time("latency", "250ms", "Trades, replies on streams and REST replies are so late; trades not with --rate max.",
            (faults, time) => faults.Latency = time),
        Status("upgrade-status", "429:0.2", "WebSocket upgrades refused with the status.",
            (faults, fault) => faults.UpgradeStatuses = faults.UpgradeStatuses.Add(fault)),
        Status("rest-status", "429:0.1", "REST replies with the status and the exchange's JSON for errors.",
            (faults, fault) => faults.RestStatuses = faults.RestStatuses.Add(fault)),
        Status("rest-html", "403:0.1", "REST replies with the status and a page of HTML, as the exchange's firewall sends.",
            (faults, fault) => faults.RestPages = faults.RestPages.Add(fault)),
        Share("rest-stall", "0.05", "REST replies that send headers and half of the body, and then nothing.",
            (faults, chance) => faults.RestStall = chance),
        new("rest-slow", "BYTES", "40", "Bytes per second at which the body of each REST reply comes, from 1 to 1000000000.", TrySetSlow),
        Time("rest-lag", "8s", "REST shows trades so much later than the streams.", (faults, time) => faults.RestLag = time),
        Share("rest-short", "0.1", "Replies of trades, historicalTrades, aggTrades and klines that are an empty list.",
            (faults, chance) => faults.RestShort = chance),
        new("exchange-info", "empty|short|twice", "empty",
            "exchangeInfo without symbols, with the first half of them, or with the first one twice.", TrySetExchangeInfo),
        Ticker("list", "NEWUSDT:20s", "One more symbol, listed so long after the start; it trades from then on, beginning with the id 0.",
            (faults, ticker, time) => faults.List = faults.List.SetItem(ticker, time)),
        Ticker("delist", "ETHUSDT:30s", "A symbol that ceases to trade, and to be listed, so long after the start.",
            (faults, ticker, time) => faults.Delist = faults.Delist.SetItem(ticker, time)),
    ];

    /// <exception cref="ConfigurationException">Some cannot be read; the message names each with the form it takes.</exception>
    public static Faults Parse(long seed, IEnumerable<string> given)
    {
        var faults = new Faults(seed);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var refusals = new List<string>();
        foreach (var text in given)
        {
            var end = text.IndexOf('=', StringComparison.Ordinal);
            var name = end < 0 ? text : text[..end];
            var descriptor = All.FirstOrDefault(fault => fault.Name == name);
            if (descriptor is null) refusals.Add(Unknown(text, name));
            else if (!names.Add(name) && !descriptor.Repeats) refusals.Add($"--fault {name} is given twice; give it once.");
            else if (end < 0 || !descriptor.TrySet(faults, text[(end + 1)..])) refusals.Add(Refused(text, descriptor));
        }

        return refusals.Count == 0 ? faults : throw ConfigurationException.Of(refusals);
    }

    /// <summary>The table for <c>--help</c>.</summary>
    public static string Help()
    {
        var width = All.Max(fault => fault.Usage.Length);
        return string.Join('\n', All.Select(fault => $"  {fault.Usage.PadRight(width)}  {fault.Meaning}"));
    }

    /// <summary>The table for the documentation.</summary>
    public static string Markdown()
    {
        var table = new StringBuilder("| fault | example | meaning |\n|---|---|---|\n");
        foreach (var fault in All)
        {
            var usage = fault.Usage.Replace("|", "\\|", StringComparison.Ordinal);
            table.Append(CultureInfo.InvariantCulture, $"| `{usage}` | `{fault.Name}={fault.Example}` | {fault.Meaning} |\n");
        }

        return table.ToString();
    }

    private static string Unknown(string text, string name)
    {
        var nearest = All.MinBy(fault => OptionTree.EditDistance(fault.Name, name))!;
        return $"--fault '{text}': there is no such fault; the nearest is {Accepted(nearest)}";
    }

    private static string Refused(string text, FaultDescriptor fault) => $"--fault '{text}' is not {Accepted(fault)}";

    private static string Accepted(FaultDescriptor fault) => $"{fault.Usage}, such as {fault.Name}={fault.Example}. {Forms}";

    private static FaultDescriptor Share(string name, string example, string meaning, Action<Faults, Chance> set) =>
        new(name, "SHARE", example, meaning, (faults, text) =>
        {
            if (ParseShare(text) is not { } share) return false;
            set(faults, faults.NewChance(name, share));
            return true;
        });

    private static FaultDescriptor Time(string name, string example, string meaning, Action<Faults, TimeSpan> set) =>
        new(name, "TIME", example, meaning, (faults, text) =>
        {
            if (ParseTime(text) is not { } time) return false;
            set(faults, time);
            return true;
        });

    private static FaultDescriptor Status(string name, string example, string meaning, Action<Faults, StatusFault> set) =>
        new(name, "STATUS:SHARE[:TIME]", example, meaning, (faults, text) =>
        {
            var parts = text.Split(':', 3);
            if (parts.Length < 2 || ParseWhole(parts[0]) is not (>= 400 and <= 599 and var status)) return false;
            if (ParseShare(parts[1]) is not { } share) return false;
            var wait = status switch { 429 => TimeSpan.FromSeconds(1), 418 => TimeSpan.FromMinutes(2), _ => (TimeSpan?)null };
            if (parts.Length == 3 && (wait is null || (wait = ParseTime(parts[2])) is null)) return false;
            set(faults, new StatusFault(status, faults.NewChance($"{name}={status}", share), wait));
            return true;
        });

    private static FaultDescriptor Ticker(string name, string example, string meaning, Action<Faults, string, TimeSpan> set) =>
        new(name, "TICKER:TIME", example, meaning, (faults, text) =>
        {
            if (text.Split(':', 2) is not [var ticker, var after] || ListingCatalog.FaultOf(ticker) is not null) return false;
            if (ParseTime(after) is not { } time) return false;
            set(faults, ticker, time);
            return true;
        });

    private static bool TrySetDisconnect(Faults faults, string text)
    {
        faults.DisconnectCloses = text.EndsWith(":close", StringComparison.Ordinal);
        var isNamed = faults.DisconnectCloses || text.EndsWith(":reset", StringComparison.Ordinal);
        faults.Disconnect = ParseTime(isNamed ? text[..text.LastIndexOf(':')] : text);
        return faults.Disconnect is not null;
    }

    private static bool TrySetSlow(Faults faults, string text)
    {
        faults.RestSlow = ParseWhole(text);
        return faults.RestSlow is >= 1 and <= 1_000_000_000;
    }

    private static bool TrySetExchangeInfo(Faults faults, string text)
    {
        faults.ExchangeInfo = text switch
        {
            "empty" => ListFault.Empty,
            "short" => ListFault.Short,
            "twice" => ListFault.Twice,
            _ => ListFault.None,
        };
        return faults.ExchangeInfo != ListFault.None;
    }

    private static double? ParseShare(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1
            ? share
            : null;

    private static TimeSpan? ParseTime(string text) =>
        OptionText.ParseDuration(text) is { } time && time >= TimeSpan.FromMilliseconds(1) && time <= LongestTime ? time : null;

    private static int? ParseWhole(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
