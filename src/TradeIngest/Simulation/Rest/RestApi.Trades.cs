using Crypto.TradeIngest.Simulation.Markets;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

internal sealed partial class RestApi
{
    private const int DefaultLimit = 500;
    private const int MaxLimit = 1000;

    private RestReply Trades(IQueryCollection query, bool historical, bool microseconds)
    {
        if (TryReadSymbolAndLimit(query, out var ordinal, out var limit) is { } bad) return bad;
        if (RestParameters.TryReadNumber(query, "fromId", -1, out var fromId) is { } badId) return badId;

        var end = _produced(ordinal);
        var from = historical && fromId >= 0 ? _tape.FirstAtOrAfter(ordinal, fromId) : Math.Max(0, end - limit);
        var to = Math.Min(end, from + limit);
        return RestReply.Ok(TradesJson.Write(_tape, ordinal, Math.Min(from, to), to, microseconds));
    }

    private RestReply AggTrades(IQueryCollection query, bool microseconds)
    {
        if (TryReadSymbolAndLimit(query, out var ordinal, out var limit) is { } bad) return bad;
        if (RestParameters.TryReadNumber(query, "fromId", -1, out var fromId) is { } badId) return badId;
        if (RestParameters.TryReadRange(query, out var range) is { } badTime) return badTime;
        if (fromId >= 0 && range.IsBounded) return RestReply.Error(400, -1128, "Combination of optional parameters invalid.");

        var end = _produced(ordinal);
        var from = 0L;
        if (fromId >= 0) from = _tape.FirstAtOrAfter(ordinal, fromId);
        else if (range.Start is { } start) from = _tape.FirstHappened(ordinal, start, end);
        if (range.End is { } before) end = _tape.FirstHappened(ordinal, before, end);

        // From where was asked; else the most recent ones.
        if (fromId < 0 && range.Start is null) from = Math.Max(0, end - limit);
        return RestReply.Ok(TradesJson.WriteAggregates(_tape, ordinal, Math.Min(from, end), Math.Min(end, from + limit), microseconds));
    }

    private RestReply? TryReadSymbolAndLimit(IQueryCollection query, out int ordinal, out long limit)
    {
        (ordinal, limit) = (-1, 0);
        var ticker = query["symbol"].ToString();
        if (ticker.Length == 0) return RestReply.Missing("symbol");
        if (!RestParameters.IsSymbol(ticker)) return RestReply.IllegalCharacters("symbol", RestParameters.SymbolRange);
        if (RestParameters.TryReadNumber(query, "limit", DefaultLimit, out limit) is { } badLimit) return badLimit;
        if (limit is < 1 or > MaxLimit) return RestReply.Invalid("limit");
        return TryFind(ticker, out ordinal) ? null : RestReply.InvalidSymbol();
    }
}
