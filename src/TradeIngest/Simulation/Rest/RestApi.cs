using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>
/// The market-data endpoints below <c>/api/v3</c>: ping, time, exchangeInfo, trades, historicalTrades, with their weights. Only
/// trades that already happened are visible; those withheld from the streams are among them.
/// </summary>
/// <param name="produced">One past the last trade of a listing that happened.</param>
internal sealed class RestApi(SimulatedExchangeOptions options, Faults faults, ITradeTape tape, Func<int, long> produced)
{
    /// <summary>Text as it is: no escapes for what JSON itself allows, such as the letters of a non-ASCII ticker.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int DefaultLimit = 500;
    private const int MaxLimit = 1000;

    private readonly ConcurrentDictionary<IPAddress, WeightBudget> _budgets = new();
    private readonly ConcurrentDictionary<string, string> _statuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ordinals = tape.Listings
        .Select((listing, ordinal) => (listing.Ticker, ordinal))
        .ToDictionary(pair => pair.Ticker, pair => pair.ordinal, StringComparer.Ordinal);

    /// <summary>Sets the status <c>exchangeInfo</c> tells of a symbol, such as <c>BREAK</c>; trades go on.</summary>
    public void SetStatus(string ticker, string status) => _statuses[ticker] = status;

    public async Task HandleAsync(HttpContext context)
    {
        if (faults.ReplyDelay is { Ticks: > 0 } delay) await Task.Delay(delay, options.TimeProvider, context.RequestAborted);

        var reply = faults.TryTakeFailure(out var status)
            ? RestReply.Error((int)status, -1000, "An unknown error occurred while processing the request.")
            : Answer(context);

        var response = context.Response;
        response.StatusCode = reply.Status;
        response.ContentType = reply.Status == 404 ? "text/html" : "application/json;charset=UTF-8";
        response.ContentLength = reply.Body.Length;
        if (reply.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (HttpMethods.IsHead(context.Request.Method)) return;
        await response.Body.WriteAsync(reply.Body, context.RequestAborted);
    }

    private RestReply Answer(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "";
        var weight = path switch
        {
            "/api/v3/ping" or "/api/v3/time" => 1,
            "/api/v3/exchangeInfo" => 20,
            "/api/v3/trades" or "/api/v3/historicalTrades" => 25,
            _ => 0,
        };
        if (weight == 0 || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))) return RestReply.NotFound();

        if (Refuse(context, weight) is { } refusal) return refusal;
        if (!TimeUnit.TryParse(request.Headers["X-MBX-TIME-UNIT"], out var microseconds))
        {
            return RestReply.Error(400, -1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.");
        }

        return path switch
        {
            "/api/v3/ping" => RestReply.Ok("{}"u8.ToArray()),
            "/api/v3/time" => RestReply.Ok(Encoding.ASCII.GetBytes($"{{\"serverTime\":{Now(microseconds)}}}")),
            "/api/v3/exchangeInfo" => ExchangeInfo(request.Query, microseconds),
            _ => Trades(request.Query, path == "/api/v3/historicalTrades", microseconds),
        };
    }

    private RestReply? Refuse(HttpContext context, int weight)
    {
        var budget = _budgets.GetOrAdd(context.Connection.RemoteIpAddress ?? IPAddress.None, _ => new WeightBudget(options));
        var verdict = budget.Spend(weight, out var used, out var retryAt);
        context.Response.Headers["X-MBX-USED-WEIGHT"] = used.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["X-MBX-USED-WEIGHT-1M"] = used.ToString(CultureInfo.InvariantCulture);
        var wait = retryAt - options.TimeProvider.GetUtcNow();
        return verdict switch
        {
            WeightVerdict.Refused => RestReply.Error(
                429,
                -1003,
                $"Too much request weight used; current limit is {options.WeightPerMinute} request weight per 1 MINUTE. " +
                "Please use WebSocket Streams for live updates to avoid polling the API.",
                wait),
            WeightVerdict.Banned => RestReply.Error(
                418,
                -1003,
                $"Way too much request weight used; IP banned until {retryAt.ToUnixTimeMilliseconds()}. " +
                "Please use WebSocket Streams for live updates to avoid bans.",
                wait),
            _ => null,
        };
    }

    private RestReply ExchangeInfo(IQueryCollection query, bool microseconds)
    {
        if (query.ContainsKey("symbol") && query.ContainsKey("symbols"))
        {
            return RestReply.Error(400, -1128, "Combination of optional parameters invalid.");
        }

        IReadOnlyList<string> tickers = [.. tape.Listings.Select(listing => listing.Ticker)];
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
        if (tickers.Any(ticker => !_ordinals.ContainsKey(ticker))) return RestReply.InvalidSymbol();
        var symbols = tickers.Select(ticker => (tape.Listings[_ordinals[ticker]], _statuses.GetValueOrDefault(ticker, "TRADING")));
        return RestReply.Ok(ExchangeInfoJson.Write(symbols, Now(microseconds), options.WeightPerMinute));
    }

    private RestReply Trades(IQueryCollection query, bool historical, bool microseconds)
    {
        var ticker = query["symbol"].ToString();
        if (ticker.Length == 0) return RestReply.Missing("symbol");
        if (!RestParameters.IsSymbol(ticker)) return RestReply.IllegalCharacters("symbol", RestParameters.SymbolRange);
        if (RestParameters.TryReadNumber(query, "limit", DefaultLimit, out var limit) is { } badLimit) return badLimit;
        if (limit is < 1 or > MaxLimit) return RestReply.Invalid("limit");
        if (RestParameters.TryReadNumber(query, "fromId", -1, out var fromId) is { } badId) return badId;
        if (!_ordinals.TryGetValue(ticker, out var ordinal)) return RestReply.InvalidSymbol();

        var end = produced(ordinal);
        var from = historical && fromId >= 0 ? tape.FirstAtOrAfter(ordinal, fromId) : Math.Max(0, end - limit);
        var to = Math.Min(end, from + limit);
        return RestReply.Ok(TradesJson.Write(tape, ordinal, Math.Min(from, to), to, microseconds));
    }

    private long Now(bool microseconds) => TradesJson.Unix(Timestamp.Now(options.TimeProvider), microseconds);
}
