using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Crypto.TradeIngest.Binance.Connections;

/// <summary>
/// Writes whole, masked frames, as a client must; calls from several threads follow one another. A canceled write may have sent half
/// a frame: the connection is of no more use then.
/// </summary>
internal sealed class FrameWriter(Stream stream) : IDisposable
{
    private const int MaxHeader = 14;
    private const byte MaskBit = 0x80;

    private readonly SemaphoreSlim _turn = new(1, 1);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(Opcode opcode, ReadOnlyMemory<byte> payload, CancellationToken token)
    {
        var frame = ArrayPool<byte>.Shared.Rent(MaxHeader + payload.Length);
        try
        {
            var length = Frame(opcode, payload.Span, frame);
            await _turn.WaitAsync(token);
            try
            {
                await stream.WriteAsync(frame.AsMemory(0, length), token);
                await stream.FlushAsync(token);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(frame);
        }
    }

    public void Dispose() => _turn.Dispose();

    private static int Frame(Opcode opcode, ReadOnlySpan<byte> payload, Span<byte> frame)
    {
        frame[0] = (byte)(0x80 | (byte)opcode);
        var position = 2;
        switch (payload.Length)
        {
            case < 126:
                frame[1] = (byte)(MaskBit | payload.Length);
                break;
            case <= ushort.MaxValue:
                frame[1] = MaskBit | 126;
                BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
                position = 4;
                break;
            default:
                frame[1] = MaskBit | 127;
                BinaryPrimitives.WriteInt64BigEndian(frame[2..], payload.Length);
                position = 10;
                break;
        }

        var mask = frame.Slice(position, 4);
        RandomNumberGenerator.Fill(mask);
        var masked = frame.Slice(position + 4, payload.Length);
        for (var i = 0; i < payload.Length; i++) masked[i] = (byte)(payload[i] ^ mask[i & 3]);
        return position + 4 + payload.Length;
    }
}
