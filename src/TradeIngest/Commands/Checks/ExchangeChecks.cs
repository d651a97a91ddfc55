using System.Net.WebSockets;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Connections;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Commands.Checks;

/// <summary>Whether the exchange answers, agrees about the time, lists the symbols and lets its streams be opened.</summary>
internal static class ExchangeChecks
{
    private const string Reaching = "Check --rest and --ws, the network, and any proxy or firewall.";

    public static async Task<IReadOnlyList<Check>> RunAsync(
        ExchangeOptions options, Role roles, TimeProvider clock, CancellationToken cancellationToken)
    {
        using var http = BinanceRestClient.CreateHttp(new Uri(options.Rest.TrimEnd('/') + "/"));
        var ban = new ExchangeBan(clock, path: null, NullLogger.Instance);
        var rest = new BinanceRestClient(http, new WeightBudget(clock, ban), clock);
        List<Check> checks = [];
        try
        {
            checks.Add(await ClockAsync(rest, options.Clock, clock, cancellationToken));
            checks.Add(Symbols(options, await rest.GetExchangeInfoAsync(cancellationToken)));
        }
        catch (ExchangeException failure)
        {
            checks.Add(Check.Fail(CheckTier.Environment, "exchange REST", failure.Message, Reaching));
        }

        if (roles.HasFlag(Role.Ingest)) checks.Add(await StreamAsync(options, clock, cancellationToken));
        return checks;
    }

    private static async Task<Check> ClockAsync(
        BinanceRestClient rest, ExchangeClockOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        const string Name = "exchange clock";
        var (asked, started) = (clock.GetUtcNow(), clock.GetTimestamp());
        var theirs = (await rest.GetTimeAsync(cancellationToken)).ToDateTimeOffset();
        var difference = theirs - (asked + (clock.GetElapsedTime(started) / 2));
        var direction = difference > TimeSpan.Zero ? "behind" : "ahead of";
        var detail = FormattableString.Invariant(
            $"this machine's clock is {difference.Duration().TotalSeconds:0.000} s {direction} the exchange's");
        return difference.Duration() <= options.Tolerance
            ? Check.Pass(CheckTier.Environment, Name, detail)
            : Check.Fail(CheckTier.Environment, Name, detail, "Set this machine's clock, with NTP; until then times are judged by the "
                + "exchange's clock.");
    }

    private static Check Symbols(ExchangeOptions options, ExchangeListing listing)
    {
        const string Name = "exchange symbols";
        var (rules, listed) = (options.Rules, listing.Symbols);
        if (rules is { Symbols: [SymbolPattern.All], Exclude: [] })
        {
            return Check.Pass(CheckTier.Environment, Name, $"ALL of {listed.Count} listed");
        }

        var choice = rules.Choose(listing);
        if (choice.Unlisted.Count > 0)
        {
            return Check.Fail(
                CheckTier.Environment, Name, $"the exchange does not list {string.Join(", ", choice.Unlisted)}",
                "Set --symbols; tickers have no separators: BTCUSDT.");
        }

        if (choice.Chosen.Count == 0) return Check.Fail(
            CheckTier.Environment, Name, $"nothing that trades matches {string.Join(", ", rules.Symbols)}", "Set --symbols and --exclude.");
        var halted = choice.Chosen.Where(symbol => symbol.Status != "TRADING").Select(symbol => symbol.Ticker).ToList();
        var notes = halted.Count > 0 ? $", of which these do not trade now: {string.Join(", ", halted)}" : "";
        if (choice.Unmatched.Count > 0) notes += $"; nothing matches {string.Join(", ", choice.Unmatched)}";
        return Check.Pass(CheckTier.Environment, Name, $"{choice.Chosen.Count} listed{notes}");
    }

    private static async Task<Check> StreamAsync(ExchangeOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        const string Name = "exchange streams";
        var stream = options.Stream;
        using var connection = WebSocketTransport.Create(options.Transport, stream);
        using var limit = new CancellationTokenSource(stream.ConnectTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await connection.ConnectAsync(StreamEndpoint.From(stream.Endpoint), either.Token);
            return Check.Pass(CheckTier.Environment, Name, $"a connection to {Secrets.Shown(stream.Endpoint)} can be opened");
        }
        catch (Exception failure) when (failure is ExchangeException or WebSocketException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            var why = failure is OperationCanceledException ? $"no answer within {stream.ConnectTimeout}" : failure.Message;
            var detail = failure is ExchangeException ? why : $"{Secrets.Shown(stream.Endpoint)}: {why}";
            return Check.Fail(CheckTier.Environment, Name, detail, Reaching);
        }
    }
}
