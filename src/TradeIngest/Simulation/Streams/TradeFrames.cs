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
/// or wrapped as <c>{"stream":"btcusdt@trade","data":…}</c>.
/// </summary>
internal sealed class TradeFrames
{
    // Five numbers of at most 21 bytes and the keys; names come on top.
    private const int FixedLength = 256;

    private readonly StreamVariant _variant;
    private readonly byte[][] _heads;
    private readonly byte[][] _middles;
    private readonly int _longest;
    private byte[] _buffer;
    private int[] _ends;

    public TradeFrames(StreamVariant variant, IReadOnlyList<Listing> listings, int capacity)
    {
        _variant = variant;
        var combined = variant.HasFlag(StreamVariant.Combined);
        _heads = [.. listings.Select(listing => Encoding.UTF8.GetBytes(
            (combined ? $"{{\"stream\":\"{StreamNames.Trade(listing.Ticker)}\",\"data\":" : "") + "{\"e\":\"trade\",\"E\":"))];
        _middles = [.. listings.Select(listing => Encoding.UTF8.GetBytes($",\"s\":\"{listing.Ticker}\",\"t\":"))];
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
        if (_buffer.Length - start < _longest) Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, start + _longest));
        if (Count == _ends.Length) Array.Resize(ref _ends, Count * 2);
        _ends[Count++] = start + Render(_buffer.AsSpan(start), ordinal, trade);
    }

    private int Render(Span<byte> frame, int ordinal, in SimulatedTrade trade)
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
        Put(frame, ref at, "\",\"T\":"u8);
        Put(frame, ref at, trade.TradeTime.Microseconds / divisor);
        Put(frame, ref at, trade.BuyerIsMaker ? ",\"m\":true,\"M\":true}"u8 : ",\"m\":false,\"M\":true}"u8);
        if (_variant.HasFlag(StreamVariant.Combined)) frame[at++] = (byte)'}';

        var length = at - Header;
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
