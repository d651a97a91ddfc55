using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

internal sealed partial class RestApi
{
    private RestReply Klines(IQueryCollection query, bool microseconds)
    {
        if (TryReadSymbolAndLimit(query, out var ordinal, out var limit) is { } bad) return bad;
        var name = query["interval"].ToString();
        if (name.Length == 0) return RestReply.Missing("interval");
        if (KlineInterval.Find(name) is not { } interval) return RestReply.Error(400, -1120, "Invalid interval.");
        if (RestParameters.TryReadRange(query, out var range) is { } badTime) return badTime;
        if (RestParameters.TryReadZone(query, out var zone) is { } badZone) return badZone;

        // The number of trades is read once: all klines of a reply are of one moment.
        var produced = _produced(ordinal);
        var opens = _klines[ordinal].Span(produced) is { } trades ? Opens(interval, zone, trades, range, (int)limit) : [];
        return RestReply.Ok(KlinesJson.Write(opens.Select(open => _klines[ordinal].Read(interval, open, zone, produced)), microseconds));
    }

    /// <summary>When the klines of a reply open: the first ones from the start asked for, or else the most recent.</summary>
    private IEnumerable<Timestamp> Opens(
        KlineInterval interval, TimeSpan zone, (Timestamp First, Timestamp Last) trades, TimeRange range, int limit)
    {
        var last = _marketTime();
        if (last < trades.Last) last = trades.Last;
        if (range.End is { } end && end <= last) last = new Timestamp(end.Microseconds - 1);
        var open = interval.OpenOf(trades.First, zone);
        var from = range.Start ?? interval.Before(interval.OpenOf(last, zone), limit - 1, zone);
        if (open < from)
        {
            open = interval.OpenOf(from, zone);
            if (open < from) open = interval.NextOf(open, zone);
        }

        for (; limit > 0 && open <= last; limit--, open = interval.NextOf(open, zone)) yield return open;
    }
}
