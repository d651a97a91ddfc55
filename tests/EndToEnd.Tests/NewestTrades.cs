using System.Net.Http.Json;
using System.Text.Json;
using Crypto.Warehouse.Coverage;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// The newest trade of each symbol that an exchange had made when it was asked. A symbol is silent for seconds while others trade, so a
/// count of all trades says nothing of one symbol; a newer trade of each, with no id missing before it, does.
/// </summary>
internal sealed class NewestTrades
{
    private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);

    private NewestTrades()
    {
    }

    /// <param name="rest">The exchange's base address, such as <c>http://127.0.0.1:9443</c>.</param>
    public static async Task<NewestTrades> ReadAsync(string rest)
    {
        using var http = new HttpClient { BaseAddress = new Uri(rest) };
        var newest = new NewestTrades();
        var listed = await http.GetFromJsonAsync<JsonElement>("api/v3/exchangeInfo");
        foreach (var symbol in listed.GetProperty("symbols").EnumerateArray())
        {
            var ticker = symbol.GetProperty("symbol").GetString()!;
            var trades = await http.GetFromJsonAsync<JsonElement>($"api/v3/trades?limit=1&symbol={Uri.EscapeDataString(ticker)}");
            newest._ids[ticker] = trades.EnumerateArray().Select(trade => trade.GetProperty("id").GetInt64()).SingleOrDefault(-1);
        }

        return newest;
    }

    /// <summary>
    /// Whether a trade of every symbol is stored that was made since, and no id before it is missing. A process that was started since has
    /// then captured each symbol live: the gap that its predecessor left was found and filled, so that a stop leaves none.
    /// </summary>
    public bool ArePassedBy(IEnumerable<SymbolCoverage> coverage) =>
        ArePassedBy(coverage.Where(symbol => symbol.Covered.Count == 1).Select(symbol => (symbol.Key.Ticker, symbol.Covered[0].To)));

    /// <param name="status">What <c>status --json</c> printed.</param>
    public bool ArePassedBy(JsonElement status) => ArePassedBy(
        from symbol in status.GetProperty("symbols").EnumerateArray()
        let coverage = symbol.GetProperty("coverage")
        where coverage.GetArrayLength() == 1
        select (symbol.GetProperty("symbol").GetString()!, coverage[0].GetProperty("to_id").GetInt64()));

    private bool ArePassedBy(IEnumerable<(string Ticker, long Last)> gapless)
    {
        var last = gapless.ToDictionary(symbol => symbol.Ticker, symbol => symbol.Last, StringComparer.Ordinal);
        return _ids.All(newest => last.GetValueOrDefault(newest.Key, -1) > newest.Value);
    }

    /// <returns>Its id; -1 while there is none.</returns>
    public long Of(string ticker) => _ids[ticker];
}
