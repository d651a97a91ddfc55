using System.Buffers;
using System.Buffers.Text;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Contract;

public static partial class TradeJson
{
    /// <summary>Bytes that always suffice for one trade: 480 for a ticker of control characters, 350 for the rest.</summary>
    public const int MaxLength = 1024;

    private const string TooSmall = "The trade does not fit. TradeJson.MaxLength bytes always suffice.";

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    /// <summary>Writes the trade as one JSON object. Allocates nothing.</summary>
    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too small for it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The side or the source is none of its enumeration.</exception>
    public static int Write(in Trade trade, Span<byte> destination)
    {
        var position = 0;
        Put("{\"version\":1,\"exchange\":\"BINANCE\",\"symbol\":\""u8, destination, ref position);
        PutText(trade.Symbol.Utf8, destination, ref position);
        Put("\",\"trade_id\":"u8, destination, ref position);
        PutInteger(trade.TradeId, destination, ref position);
        Put(",\"price\":\""u8, destination, ref position);
        PutFixedPoint(trade.Price.Scaled, destination, ref position);
        Put("\",\"quantity\":\""u8, destination, ref position);
        PutFixedPoint(trade.Quantity.Scaled, destination, ref position);
        Put("\",\"event_time\":"u8, destination, ref position);
        PutInteger(trade.EventTime.Microseconds, destination, ref position);
        Put(",\"trade_time\":"u8, destination, ref position);
        PutInteger(trade.TradeTime.Microseconds, destination, ref position);
        Put(",\"received_time\":"u8, destination, ref position);
        PutInteger(trade.ReceivedTime.Microseconds, destination, ref position);
        Put(",\"aggressor_side\":\""u8, destination, ref position);
        Put(NameOf(trade.Aggressor), destination, ref position);
        Put("\",\"source\":\""u8, destination, ref position);
        Put(NameOf(trade.Source), destination, ref position);
        Put("\"}"u8, destination, ref position);
        return position;
    }

    private static ReadOnlySpan<byte> NameOf(AggressorSide side) => side switch
    {
        AggressorSide.Buy => "BUY"u8,
        AggressorSide.Sell => "SELL"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(side), side, "A trade has a side."),
    };

    private static ReadOnlySpan<byte> NameOf(IngestSource source) => source switch
    {
        IngestSource.Stream => "STREAM"u8,
        IngestSource.Backfill => "BACKFILL"u8,
        IngestSource.Replay => "REPLAY"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "A trade has a source."),
    };

    private static void Put(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int position)
    {
        bytes.CopyTo(destination[position..]);
        position += bytes.Length;
    }

    private static void PutInteger(long value, Span<byte> destination, ref int position)
    {
        if (!Utf8Formatter.TryFormat(value, destination[position..], out var written))
        {
            throw new ArgumentException(TooSmall, nameof(destination));
        }

        position += written;
    }

    private static void PutFixedPoint(long scaled, Span<byte> destination, ref int position)
    {
        if (!FixedPoint.TryFormat(scaled, destination[position..], out var written))
        {
            throw new ArgumentException(TooSmall, nameof(destination));
        }

        position += written;
    }

    private static void PutText(ReadOnlySpan<byte> text, Span<byte> destination, ref int position)
    {
        while (true)
        {
            var plain = text.IndexOfAny(MustEscape);
            if (plain < 0) break;
            Put(text[..plain], destination, ref position);
            PutEscape(text[plain], destination, ref position);
            text = text[(plain + 1)..];
        }

        Put(text, destination, ref position);
    }

    private static void PutEscape(byte character, Span<byte> destination, ref int position)
    {
        if (character >= 0x20)
        {
            Put([(byte)'\\', character], destination, ref position);
            return;
        }

        Put("\\u00"u8, destination, ref position);
        if (!Utf8Formatter.TryFormat(character, destination[position..], out var written, new StandardFormat('x', 2)))
        {
            throw new ArgumentException(TooSmall, nameof(destination));
        }

        position += written;
    }
}
