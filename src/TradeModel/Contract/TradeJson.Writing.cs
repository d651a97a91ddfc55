using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Contract;

public static partial class TradeJson
{
    /// <summary>Bytes that always suffice for one trade: 480 for a ticker of control characters, 350 for the rest.</summary>
    public const int MaxLength = 1024;

    private static readonly SearchValues<byte> MustEscape = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(control => (byte)control), (byte)'"', (byte)'\\']);

    /// <summary>Writes the trade as one JSON object. Allocates nothing.</summary>
    /// <returns>The bytes written.</returns>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too small for it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The side or the source is none of its enumeration.</exception>
    public static int Write(in Trade trade, Span<byte> destination) =>
        destination.Length >= MaxLength ? WriteRoomy(trade, destination) : WriteTight(trade, destination);

    private static int WriteTight(in Trade trade, Span<byte> destination)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        var length = WriteRoomy(trade, text);
        return text[..length].TryCopyTo(destination)
            ? length
            : throw new ArgumentException("The trade does not fit. TradeJson.MaxLength bytes always suffice.", nameof(destination));
    }

    // Into MaxLength bytes, of which those after the text may be written too.
    private static int WriteRoomy(in Trade trade, Span<byte> destination)
    {
        var position = 0;
        position = Put("{\"version\":1,\"exchange\":\"BINANCE\",\"symbol\":\""u8, destination, position);
        position = PutText(trade.Symbol.Utf8, destination, position);
        position = Put("\",\"trade_id\":"u8, destination, position);
        position = PutInteger(trade.TradeId, destination, position);
        position = Put(",\"price\":\""u8, destination, position);
        position = PutFixedPoint(trade.Price.Scaled, destination, position);
        position = Put("\",\"quantity\":\""u8, destination, position);
        position = PutFixedPoint(trade.Quantity.Scaled, destination, position);
        position = Put("\",\"event_time\":"u8, destination, position);
        position = PutInteger(trade.EventTime.Microseconds, destination, position);
        position = Put(",\"trade_time\":"u8, destination, position);
        position = PutInteger(trade.TradeTime.Microseconds, destination, position);
        position = Put(",\"received_time\":"u8, destination, position);
        position = PutInteger(trade.ReceivedTime.Microseconds, destination, position);
        position = Put(",\"aggressor_side\":\""u8, destination, position);
        position = Put(NameOf(trade.Aggressor), destination, position);
        position = Put("\",\"source\":\""u8, destination, position);
        position = Put(NameOf(trade.Source), destination, position);
        return Put("\"}"u8, destination, position);
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
        IngestSource.Correction => "CORRECTION"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(source), source, "A trade has a source."),
    };

    // Inlined, a literal becomes a few moves of words.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Put(ReadOnlySpan<byte> bytes, Span<byte> destination, int position)
    {
        bytes.CopyTo(destination[position..]);
        return position + bytes.Length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PutInteger(long value, Span<byte> destination, int position) => value switch
    {
        // Times of the years 2001 to 2286.
        >= Digits.VectorLimit / 10 and < Digits.VectorLimit => PutSixteenDigits((ulong)value, destination, position),
        >= 0 and < Digits.VectorLimit => position + Digits.WriteShort(destination[position..], (ulong)value),
        _ => PutAnyInteger(value, destination, position),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PutSixteenDigits(ulong value, Span<byte> destination, int position)
    {
        Digits.WriteVector(destination[position..], value);
        return position + Digits.PerVector;
    }

    private static int PutAnyInteger(long value, Span<byte> destination, int position)
    {
        Utf8Formatter.TryFormat(value, destination[position..], out var written);
        return position + written;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PutFixedPoint(long scaled, Span<byte> destination, int position)
    {
        FixedPoint.TryFormat(scaled, destination[position..], out var written);
        return position + written;
    }

    private static int PutText(ReadOnlySpan<byte> text, Span<byte> destination, int position)
    {
        while (true)
        {
            var plain = text.IndexOfAny(MustEscape);
            if (plain < 0) break;
            position = Put(text[..plain], destination, position);
            position = PutEscape(text[plain], destination, position);
            text = text[(plain + 1)..];
        }

        return Put(text, destination, position);
    }

    private static int PutEscape(byte character, Span<byte> destination, int position)
    {
        if (character >= 0x20)
        {
            return Put([(byte)'\\', character], destination, position);
        }

        position = Put("\\u00"u8, destination, position);
        Utf8Formatter.TryFormat(character, destination[position..], out var written, new StandardFormat('x', 2));
        return position + written;
    }
}
