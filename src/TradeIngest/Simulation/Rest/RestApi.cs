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
/// The market-data endpoints below <c>/api/v3</c>: ping, time, exchangeInfo, trades, historicalTrades, aggTrades, klines, with their
/// weights. Only trades that already happened are visible; those withheld from the streams are among them.
/// </summary>
internal sealed partial class RestApi
{
    /// <summary>Text as it is: no escapes for what JSON itself allows, such as the letters of a non-ASCII ticker.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly SimulatedExchangeOptions _options;
    private readonly Faults _faults;
    private readonly ITradeTape _tape;
    private readonly Func<int, long> _produced;
    private readonly Func<Timestamp> _marketTime;
    private readonly CancellationToken _stopping;
    private readonly ConcurrentDictionary<IPAddress, WeightBudget> _budgets = new();
    private readonly ConcurrentDictionary<string, string> _statuses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ordinals;
    private readonly KlineHistory[] _klines;
    private long _requests;
    private long _refusedByWeight;

    /// <param name="options">Limits and clock.</param>
    /// <param name="faults">Which replies come out wrong.</param>
    /// <param name="tape">The trades.</param>
    /// <param name="produced">One past the last trade of a listing that happened.</param>
    /// <param name="marketTime">The time up to which there are klines.</param>
    /// <param name="stopping">Ends replies that faults keep open.</param>
    public RestApi(
        SimulatedExchangeOptions options, Faults faults, ITradeTape tape, Func<int, long> produced, Func<Timestamp> marketTime,
        CancellationToken stopping)
    {
        _options = options;
        _faults = faults;
        _tape = tape;
        _produced = produced;
        _marketTime = marketTime;
        _stopping = stopping;
        _ordinals = tape.Listings
            .Select((listing, ordinal) => (listing.Ticker, ordinal))
            .ToDictionary(pair => pair.Ticker, pair => pair.ordinal, StringComparer.Ordinal);
        _klines = [.. tape.Listings.Select((_, ordinal) => new KlineHistory(tape, ordinal))];
    }

    /// <summary>Sets the status <c>exchangeInfo</c> tells of a symbol, such as <c>BREAK</c>; trades go on.</summary>
    public void SetStatus(string ticker, string status) => _statuses[ticker] = status;

    public async Task HandleAsync(HttpContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        if (_faults.Latency is { Ticks: > 0 } delay) await Task.Delay(delay, _options.TimeProvider, ending.Token);

        var number = Interlocked.Increment(ref _requests);
        var reply = Refusal(number) ?? Answer(context);
        if (reply.IsList && _faults.RestShort.Hits(number)) reply = RestReply.Ok("[]"u8.ToArray());

        var response = context.Response;
        response.StatusCode = reply.Status;
        response.ContentType = reply.IsPage ? "text/html" : "application/json;charset=UTF-8";
        response.ContentLength = reply.Body.Length;
        if (reply.RetryAfter is { } wait) response.Headers.RetryAfter = RetryAfter(wait);
        if (HttpMethods.IsHead(context.Request.Method)) return;
        await WriteAsync(response, reply.Body, _faults.RestStall.Hits(number), ending.Token);
    }

    public long RefusedByWeight => Interlocked.Read(ref _refusedByWeight);

    /// <summary>The header's value: whole seconds.</summary>
    public static string RetryAfter(TimeSpan wait) => Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>Whether a ticker is listed by now, and still is.</summary>
    private bool TryFind(string ticker, out int ordinal) => _ordinals.TryGetValue(ticker, out ordinal) && IsListed(ordinal);

    private bool IsListed(int ordinal)
    {
        var (ticker, now) = (_tape.Listings[ordinal].Ticker, _marketTime());
        return now >= _tape.ListedAt(ordinal)
            && !(_faults.Delist.TryGetValue(ticker, out var after) && now >= _tape.Start + after);
    }

    private RestReply? Refusal(long number)
    {
        if (_faults.TryTakeFailure(out var status)) return RestReply.Failure((int)status);
        if (Faults.Find(_faults.RestStatuses, number) is { } refusal) return RestReply.Failure(refusal.Status, refusal.RetryAfter);
        return Faults.Find(_faults.RestPages, number) is { } page ? RestReply.Page(page.Status, page.RetryAfter) : null;
    }

    private async Task WriteAsync(HttpResponse response, ReadOnlyMemory<byte> body, bool stalls, CancellationToken cancellationToken)
    {
        if (stalls)
        {
            await response.Body.WriteAsync(body[..(body.Length / 2)], cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, _options.TimeProvider, cancellationToken);
        }

        if (_faults.RestSlow is not { } rate)
        {
            await response.Body.WriteAsync(body, cancellationToken);
            return;
        }

        var piece = Math.Max(1, rate / 10);
        for (var at = 0; at < body.Length; at += piece)
        {
            await response.Body.WriteAsync(body[at..Math.Min(body.Length, at + piece)], cancellationToken);
            await response.Body.FlushAsync(cancellationToken);
            await Task.Delay(TimeSpan.FromSeconds((double)piece / rate), _options.TimeProvider, cancellationToken);
        }
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
            "/api/v3/aggTrades" => 4,
            "/api/v3/klines" => 2,
            _ => 0,
        };
        if (weight == 0 || !(HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))) return RestReply.Page(404);

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
            "/api/v3/aggTrades" => AggTrades(request.Query, microseconds),
            "/api/v3/klines" => Klines(request.Query, microseconds),
            _ => Trades(request.Query, path == "/api/v3/historicalTrades", microseconds),
        };
    }

    private RestReply? Refuse(HttpContext context, int weight)
    {
        var budget = _budgets.GetOrAdd(context.Connection.RemoteIpAddress ?? IPAddress.None, _ => new WeightBudget(_options));
        var verdict = budget.Spend(weight, out var used, out var retryAt);
        if (verdict != WeightVerdict.Allowed) Interlocked.Increment(ref _refusedByWeight);
        context.Response.Headers["X-MBX-USED-WEIGHT"] = used.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers["X-MBX-USED-WEIGHT-1M"] = used.ToString(CultureInfo.InvariantCulture);
        var wait = retryAt - _options.TimeProvider.GetUtcNow();
        return verdict switch
        {
            WeightVerdict.Refused => RestReply.Error(
                429,
                -1003,
                $"Too much request weight used; current limit is {_options.WeightPerMinute} request weight per 1 MINUTE. " +
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

    private long Now(bool microseconds) => TradesJson.Unix(Timestamp.Now(_options.TimeProvider), microseconds);
}
