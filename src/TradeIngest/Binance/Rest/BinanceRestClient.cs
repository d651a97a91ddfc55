using System.Globalization;
using System.Net;
using System.Text.Json;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Binance.Rest;

/// <summary>
/// The public REST calls the capture needs, in microseconds and within one weight budget. Any failure is an
/// <see cref="ExchangeException"/> that says what to do. Thread-safe.
/// </summary>
/// <param name="http">As <see cref="CreateHttp"/> makes it: its bounds are those of each call.</param>
/// <param name="budget">One per process.</param>
internal sealed class BinanceRestClient(HttpClient http, WeightBudget budget, TimeProvider clock) : ITradeHistory
{
    private const int ExchangeInfoWeight = 20;
    private const int TimeWeight = 1;
    private const int HistoricalTradesWeight = 25;
    private const int AggregatesWeight = 4;
    private const int UnknownSymbol = -1121;

    // All of exchangeInfo has some 20 MB.
    private const int MaxBodyBytes = 64 << 20;

    // Codes of the exchange that say what is wrong with the request itself.
    private const int FirstRequestFault = -1199;
    private const int LastRequestFault = -1100;

    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(30);

    // After a refusal that the exchange does not document, such as a firewall's.
    private static readonly TimeSpan OddRefusalDelay = TimeSpan.FromMinutes(5);

    public int MaxTrades => 1000;

    /// <summary>A client whose calls end, with their whole body, in bounded time and memory.</summary>
    /// <param name="address">The exchange's, such as <c>https://api.binance.com/</c>.</param>
    /// <param name="limit">On the whole of a call; default 30 s.</param>
    public static HttpClient CreateHttp(Uri address, TimeSpan? limit = null) => new(SingleAttemptHandler.Create())
    {
        BaseAddress = address,
        Timeout = limit ?? DefaultLimit,
        MaxResponseContentBufferSize = MaxBodyBytes,
    };

    /// <summary>Every symbol the exchange lists, trading or not.</summary>
    public Task<ExchangeListing> GetExchangeInfoAsync(CancellationToken cancellationToken) =>
        GetAsync("api/v3/exchangeInfo", ExchangeInfoWeight, isUrgent: true, RestReplies.Symbols, cancellationToken);

    /// <summary>The exchange's clock.</summary>
    public Task<Timestamp> GetTimeAsync(CancellationToken cancellationToken) =>
        GetAsync("api/v3/time", TimeWeight, isUrgent: true, RestReplies.Time, cancellationToken);

    /// <inheritdoc/>
    public Task<TradeBatch> ReadTradesAsync(Symbol symbol, long fromId, int limit, CancellationToken cancellationToken)
    {
        var path = string.Create(
            CultureInfo.InvariantCulture,
            $"api/v3/historicalTrades?symbol={Uri.EscapeDataString(symbol.Ticker)}&fromId={fromId}&limit={limit}");
        return GetAsync(
            path, HistoricalTradesWeight, isUrgent: false, root => RestReplies.Trades(root, symbol, Timestamp.Now(clock)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<long?> FirstIdAtAsync(Symbol symbol, Timestamp time, CancellationToken cancellationToken)
    {
        var path = $"api/v3/aggTrades?symbol={Uri.EscapeDataString(symbol.Ticker)}&limit=1";
        var at = string.Create(CultureInfo.InvariantCulture, $"{path}&startTime={time.Microseconds}");
        var first = await GetAsync(at, AggregatesWeight, isUrgent: false, RestReplies.AggregateIds, cancellationToken);

        // Where nothing follows the time, the newest trade comes without one.
        if (first is { } ids) return ids.From;
        return (await GetAsync(path, AggregatesWeight, isUrgent: false, RestReplies.AggregateIds, cancellationToken))?.To + 1;
    }

    private async Task<T> GetAsync<T>(
        string path, int weight, bool isUrgent, Func<JsonElement, T> read, CancellationToken cancellationToken)
    {
        var minute = await budget.SpendAsync(weight, isUrgent, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("X-MBX-TIME-UNIT", "MICROSECOND");

            // With the whole body, so that the client's bounds hold for it, too.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken);
            if (response.Headers.TryGetValues("X-MBX-USED-WEIGHT-1M", out var counted)
                && int.TryParse(counted.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var used))
            {
                budget.Correct(minute, used);
            }

            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (!response.IsSuccessStatusCode) throw Refused(response, path, body);
            using var document = JsonDocument.Parse(body);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var why = e is OperationCanceledException ? $"no whole answer within {http.Timeout}" : e.Message;
            throw new ExchangeException(
                $"Cannot reach {Secrets.Shown(http.BaseAddress!)}: {why}. Check the address, the network and any proxy.", isTransient: true,
                e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new ExchangeException(
                $"{Secrets.Shown(http.BaseAddress!)}/{path} answered with something else than expected: {e.Message}", isTransient: true, e);
        }
    }

    private ExchangeException Refused(HttpResponseMessage response, string path, byte[] body)
    {
        var (code, words) = ErrorOf(body);
        var status = (int)response.StatusCode;
        if (status is 429 or 418)
        {
            var period = Backoff.RetryAfter(response.Headers.RetryAfter, clock) ?? ExchangeBan.Shortest;
            budget.Ban.Extend(period);
            var what = status == 418 ? "This address is banned by the exchange" : "The exchange's request limit is exceeded";
            return new ExchangeException(
                $"{what} until {budget.Ban.Until:yyyy-MM-dd HH:mm:ss}Z; requests wait. Programs behind the same address count too.",
                isTransient: true)
            {
                Code = code,
                IsBan = true,
                RetryAfter = period,
            };
        }

        var message = response.StatusCode switch
        {
            HttpStatusCode.UnavailableForLegalReasons or HttpStatusCode.Forbidden =>
                $"The exchange refuses this location or network, or its firewall the rate ({status}). "
                + "https://data-api.binance.vision has public data without old trades.",
            _ when code == UnknownSymbol =>
                $"The exchange knows no such symbol ({path}): {words} Write it in upper case, without separators.",
            _ when status >= 500 => $"The exchange is in trouble ({status} {words}); the request may be repeated.",
            _ => $"The exchange refused {path}: {status} {words} (code {code}).",
        };
        var isLasting = status == (int)HttpStatusCode.BadRequest && code is >= FirstRequestFault and <= LastRequestFault;
        return new ExchangeException(message, isTransient: !isLasting)
        {
            Code = code,
            IsUnknownSymbol = code == UnknownSymbol,
            RetryAfter = isLasting || status >= 500 ? null : OddRefusalDelay,
        };
    }

    /// <summary><code>{"code":-1121,"msg":"Invalid symbol."}</code></summary>
    private static (int Code, string Words) ErrorOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return (root.GetProperty("code"u8).GetInt32(), root.GetProperty("msg"u8).GetString() ?? string.Empty);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return (0, $"with a body of {body.Length} bytes that is no error message");
        }
    }
}
