using System.Buffers.Text;
using System.Text;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// Trades rendered as WebSocket frames of one variant, written by hand into one buffer. Each trade is a text message of its own,
/// as on the wire:
/// <code>
/// {"e":"trade","E":1790446152679,"s":"BTCUSDT","t":6715234671,"p":"84106.09000000","q":"0.00007000","T":1790446152678,
///  "m":true,"M":true}
/// </code>
/// or wrapped as <c>{"stream":"btcusdt@trade","data":…}</c>. As an aggregate it is one of this trade alone, with <c>"a"</c> for
/// <c>"t"</c> and <c>"f":6715234671,"l":6715234671</c> behind the quantity.
/// </summary>
internal sealed class TradeFrames
{
    // Seven numbers of at most 21 bytes and the keys; names come on top.
    private const int FixedLength = 320;

    // What a malformed frame lacks at its end.
    private const int BrokenOff = 30;
    private const string ForeignTicker = "FOREIGNUSDT";

    private readonly StreamVariant _variant;
    private readonly Faults? _faults;
    private readonly byte[][] _heads;
    private readonly byte[][] _middles;
    private readonly int _longest;
    private byte[] _buffer;
    private int[] _ends;

    public TradeFrames(StreamVariant variant, IReadOnlyList<Listing> listings, int capacity, Faults? faults = null)
    {
        _variant = variant;
        _faults = faults;
        var combined = variant.HasFlag(StreamVariant.Combined);
        var (type, id) = variant.HasFlag(StreamVariant.Aggregate) ? (StreamNames.AggTrade, "a") : (StreamNames.Trade, "t");
        string[] tickers = [.. listings.Select(listing => listing.Ticker), ForeignTicker];
        _heads = [.. tickers.Select(ticker => Encoding.UTF8.GetBytes(
            (combined ? $"{{\"stream\":\"{StreamNames.Of(ticker, type)}\",\"data\":" : "") + $"{{\"e\":\"{type}\",\"E\":"))];
        _middles = [.. tickers.Select(ticker => Encoding.UTF8.GetBytes($",\"s\":\"{ticker}\",\"{id}\":"))];
        _longest = FixedLength + _heads.Zip(_middles, (head, middle) => head.Length + middle.Length).DefaultIfEmpty().Max();
        _buffer = new byte[capacity * 128];
        _ends = new int[capacity];
    }

    public int Count { get; private set; }

    /// <summary>The frames of trades <paramref name="from"/> to <paramref name="to"/> (exclusive), one after the other.</summary>
    public ReadOnlySpan<byte> Slice(int from, int to)
    {
        var start = from == 0 ? 0 : _ends[from - 1];
        return _buffer.AsSpan(start, _ends[to - 1] - start);
    }

    public void Clear() => Count = 0;

    public void Add(int ordinal, in SimulatedTrade trade)
    {
        var start = Count == 0 ? 0 : _ends[Count - 1];
        var most = 2 * _longest;
        if (_buffer.Length - start < most) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, start + most));
        if (Count == _ends.Length) Array.Resize(ref _ends, Count * 2);
        var end = start + Render(_buffer.AsSpan(start), ordinal, trade, _faults is not null && _faults.Malformed.Hits(trade.TradeId));

        // It goes where the trade goes that it follows.
        if (_faults is not null && _faults.Foreign.Hits(trade.TradeId)) end += Render(_buffer.AsSpan(end), _heads.Length - 1, trade, false);
        _ends[Count++] = end;
    }

    private int Render(Span<byte> frame, int ordinal, in SimulatedTrade trade, bool malformed)
    {
        // Room for the usual header of four bytes; the payload moves up when two are enough.
        const int Header = 4;
        var divisor = _variant.HasFlag(StreamVariant.Microseconds) ? 1 : 1000;
        var at = Header;
        Put(frame, ref at, _heads[ordinal]);
        Put(frame, ref at, trade.EventTime.Microseconds / divisor);
        Put(frame, ref at, _middles[ordinal]);
        Put(frame, ref at, trade.TradeId);
        Put(frame, ref at, ",\"p\":\""u8);
        FixedPoint.TryFormat(trade.Price.Scaled, frame[at..], out var written);
        at += written;
        Put(frame, ref at, "\",\"q\":\""u8);
        FixedPoint.TryFormat(trade.Quantity.Scaled, frame[at..], out written);
        at += written;
        Put(frame, ref at, "\""u8);
        if (_variant.HasFlag(StreamVariant.Aggregate))
        {
            Put(frame, ref at, ",\"f\":"u8);
            Put(frame, ref at, trade.TradeId);
            Put(frame, ref at, ",\"l\":"u8);
            Put(frame, ref at, trade.TradeId);
        }

        Put(frame, ref at, ",\"T\":"u8);
        Put(frame, ref at, trade.TradeTime.Microseconds / divisor);
        Put(frame, ref at, trade.BuyerIsMaker ? ",\"m\":true,\"M\":true}"u8 : ",\"m\":false,\"M\":true}"u8);
        if (_variant.HasFlag(StreamVariant.Combined)) frame[at++] = (byte)'}';

        var length = at - Header - (malformed ? BrokenOff : 0);
        var header = Frame.WriteHeader(frame, FrameKind.Text, length);
        if (header != Header) frame.Slice(Header, length).CopyTo(frame[header..]);
        return header + length;
    }

    private static void Put(Span<byte> frame, ref int at, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(frame[at..]);
        at += bytes.Length;
    }

    private static void Put(Span<byte> frame, ref int at, long number)
    {
        Utf8Formatter.TryFormat(number, frame[at..], out var written);
        at += written;
    }
}
