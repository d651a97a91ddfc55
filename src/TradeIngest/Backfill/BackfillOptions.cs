using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Backfill;

/// <summary>Where ranges that are asked for by hand come from.</summary>
internal sealed record BackfillOptions : IOptionRules
{
    [Description("Base of the exchange's archive of daily files; --archive-address.")]
    [Address]
    public string ArchiveAddress { get; init; } = "https://data.binance.vision";

    public IEnumerable<OptionFault> Faults()
    {
        if (FaultOf(ArchiveAddress) is { } fault) yield return new(nameof(ArchiveAddress), $"{fault}; set --archive-address");
    }

    /// <summary>What is wrong with the address of an archive; null when nothing is.</summary>
    public static string? FaultOf(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return address.Contains('@', StringComparison.Ordinal)
                ? "is no HTTP address"
                : $"'{address}' is no HTTP address such as https://data.binance.vision";
        }

        if (uri.UserInfo.Length > 0) return "holds a user name or password, which are never sent";
        return uri.Query.Length > 0 ? "has a query, which is never sent" : null;
    }
}
