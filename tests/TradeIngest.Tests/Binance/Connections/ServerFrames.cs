using System.Buffers.Binary;
using System.Text;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

/// <summary>Frames as a server writes them, right or wrong.</summary>
internal static class ServerFrames
{
    private static readonly int[] Sizes = [1, 2, 5, 125, 126, 127, 168, 1000, 65_535, 65_536, 70_000];
    private static readonly byte[][] Letters = [[.. "trade"u8], [.. "aé"u8], [.. "€b"u8], [.. "😀"u8]];
    private static readonly ushort[] Statuses = [999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1011, 2999, 3000, 4999, 5000];

    public static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    /// <param name="first">Final bit, reserved bits and opcode.</param>
    public static byte[] Frame(byte first, params byte[] payload)
    {
        switch (payload.Length)
        {
            case < 126:
                return [first, (byte)payload.Length, .. payload];
            case <= ushort.MaxValue:
                return [first, 126, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
            default:
                var length = new byte[8];
                BinaryPrimitives.WriteInt64BigEndian(length, payload.Length);
                return [first, 127, .. length, .. payload];
        }
    }

    /// <summary>What a server may send until it closes or hangs up; every third tape has faults.</summary>
    public static byte[] Tape(Random random)
    {
        var bytes = new List<byte>();
        for (var messages = random.Next(8); messages > 0; messages--) Message(bytes, random);
        if (random.Next(3) > 0) bytes.AddRange(Close(random));
        var tape = bytes.ToArray();
        if (tape.Length == 0 || random.Next(3) > 0) return tape;

        // Near the front, where the headers are.
        if (random.Next(2) == 0) return tape[..random.Next(tape.Length)];
        tape[random.Next(Math.Min(tape.Length, 300))] ^= (byte)(1 << random.Next(8));
        return tape;
    }

    private static void Message(List<byte> bytes, Random random)
    {
        var isText = random.Next(4) > 0;
        var payload = Payload(random, isText);
        var count = random.Next(3) == 0 ? random.Next(2, 5) : 1;

        // None is empty: the platform lets a character begun before an empty last piece pass.
        var pieces = payload.Chunk((payload.Length + count - 1) / count).ToList();
        for (var i = 0; i < pieces.Count; i++)
        {
            if (random.Next(6) == 0) bytes.AddRange(Frame((byte)(random.Next(2) == 0 ? 0x89 : 0x8A), Payload(random, isText: false)[..random.Next(2)]));
            var opcode = i > 0 ? 0 : isText ? 1 : 2;
            var final = i == pieces.Count - 1 ? 0x80 : 0;
            bytes.AddRange(Frame((byte)(final | opcode), pieces[i]));
        }
    }

    private static byte[] Payload(Random random, bool isText)
    {
        var payload = new byte[Sizes[random.Next(Sizes.Length)]];
        if (!isText || random.Next(20) == 0)
        {
            random.NextBytes(payload);
            return payload;
        }

        payload.AsSpan().Fill((byte)'a');
        var letters = Letters[random.Next(Letters.Length)];
        for (var i = 0; i + letters.Length <= payload.Length; i += letters.Length) letters.CopyTo(payload, i);
        return payload;
    }

    private static byte[] Close(Random random)
    {
        var status = random.Next(2) == 0 ? (ushort)1000 : Statuses[random.Next(Statuses.Length)];
        return random.Next(4) switch
        {
            0 => Frame(0x88),
            1 => Frame(0x88, 3),
            2 => Frame(0x88, (byte)(status >> 8), (byte)status),
            _ => Frame(0x88, [(byte)(status >> 8), (byte)status, .. "bye"u8]),
        };
    }
}
