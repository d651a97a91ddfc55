using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

internal sealed partial class RestApi
{
    private static readonly string[] TradingStatuses = ["TRADING", "HALT", "BREAK"];

    private RestReply ExchangeInfo(IQueryCollection query, bool microseconds)
    {
        var filters = query.ContainsKey("symbolStatus") || query.ContainsKey("permissions");
        var isNamed = query.ContainsKey("symbol") || query.ContainsKey("symbols");
        if ((isNamed && filters) || (query.ContainsKey("symbol") && query.ContainsKey("symbols")))
        {
            return RestReply.Error(400, -1128, "Combination of optional parameters invalid.");
        }

        if (TryReadTickers(query, out var tickers) is { } badTickers) return badTickers;
        if (RestParameters.TryReadList(query, "permissions", out var permissions) is { } badPermissions) return badPermissions;
        if (!permissions.All(IsPermission)) return RestReply.Invalid("permissions");
        if (permissions.Count > 0 && !permissions.Contains("SPOT", StringComparer.Ordinal)) tickers = [];
        var wanted = query["symbolStatus"].ToString();
        if (query.ContainsKey("symbolStatus") && !TradingStatuses.Contains(wanted, StringComparer.Ordinal))
        {
            return RestReply.Error(400, -1122, "Invalid symbolStatus.");
        }

        var shown = query["showPermissionSets"].ToString();
        if (shown is not ("" or "true" or "false")) return RestReply.IllegalCharacters("showPermissionSets", "^(true|false)$");

        var symbols = tickers
            .Select(ticker => (Listing: _tape.Listings[_ordinals[ticker]], Status: _statuses.GetValueOrDefault(ticker, "TRADING")))
            .Where(symbol => wanted.Length == 0 || symbol.Status == wanted)
            .ToList();
        symbols = _faults.ExchangeInfo switch
        {
            ListFault.Empty => [],
            ListFault.Short => symbols[..(symbols.Count / 2)],
            ListFault.Twice => [.. symbols, .. symbols.Take(1)],
            _ => symbols,
        };
        return RestReply.Ok(ExchangeInfoJson.Write(symbols, Now(microseconds), _options.WeightPerMinute, shown != "false"));
    }

    private RestReply? TryReadTickers(IQueryCollection query, out IReadOnlyList<string> tickers)
    {
        tickers = [.. _tape.Listings.Where((_, ordinal) => IsListed(ordinal)).Select(listing => listing.Ticker)];
        if (query.ContainsKey("symbol")) tickers = [query["symbol"].ToString()];
        if (query.ContainsKey("symbols"))
        {
            try
            {
                tickers = JsonSerializer.Deserialize<string[]>(query["symbols"].ToString()) ?? [];
            }
            catch (JsonException)
            {
                return RestReply.IllegalCharacters("symbols", RestParameters.SymbolsRange);
            }
        }

        if (!tickers.All(RestParameters.IsSymbol)) return RestReply.IllegalCharacters("symbol", RestParameters.SymbolRange);
        if (tickers.Distinct(StringComparer.Ordinal).Count() < tickers.Count)
        {
            return RestReply.Error(400, -1151, "Symbol is present multiple times in the list.");
        }

        return tickers.Any(ticker => !TryFind(ticker, out _)) ? RestReply.InvalidSymbol() : null;
    }

    private static bool IsPermission(string? name) =>
        name is "SPOT" or "MARGIN" or "LEVERAGED" || name?.StartsWith("TRD_GRP_", StringComparison.Ordinal) == true;
}
