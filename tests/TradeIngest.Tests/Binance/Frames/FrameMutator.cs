using System.Text;

namespace Crypto.TradeIngest.Tests.Binance.Frames;

/// <summary>Damages frames the way wires, disks and programs do. The same seed gives the same frames.</summary>
internal sealed class FrameMutator(int seed)
{
    private static readonly byte[][] Frames =
    [
        .. new[]
        {
            OddFrames.Trade,
            OddFrames.Trade,
            "{\"stream\":\"btcusdt@trade\",\"data\":" + OddFrames.Trade + "}",
            "{\"stream\":\"btcusdt@trade\",\"data\":" + OddFrames.Trade + "}",
            "{\"data\":" + OddFrames.Trade + ",\"stream\":\"btcusdt@trade\"}",
            OddFrames.Trade.Replace("152679", "152679001").Replace("152678", "152678999"),
            """{"m":false,"x":[1,{"e":2}],"T":1, "q":"\u0031.5","p":"-3","t":2,"s":"\u5e01币","E":3,"\u0065":"trade"}""",
            """{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","X":"MARKET","m":true}""",
            """{"e":"aggTrade","E":1,"s":"BTCUSDT","a":1,"p":"1","q":"1","f":1,"l":1,"T":1,"m":true,"M":true}""",
            """{"result":["btcusdt@trade"],"id":3}""",
            """{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}""",
            """{"code":2,"msg":"Invalid request","id":1}""",
            """{"e":"serverShutdown","E":1790446152679}""",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0070", "\\ud800", "null", "true", "false", "0", "-", ".", "9223372036854775808",
            "1e5", " ", "\n", "\0", "é",
            "\"e\":\"trade\",", "\"p\":\"1\",", "\"X\":1,", "\"extra\":{},", "\"data\":", "\"stream\":\"a\",",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var frame = Frames[_random.Next(Frames.Length)].ToList();
        for (var damages = _random.Next(4); damages > 0; damages--) Damage(frame);
        return [.. frame];
    }

    private void Damage(List<byte> frame)
    {
        var at = _random.Next(frame.Count + 1);
        var length = Math.Min(_random.Next(1, 12), frame.Count - at);
        switch (_random.Next(9))
        {
            case 0 when at < frame.Count:
                frame[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1 when at < frame.Count:
                frame[at] = (byte)_random.Next(256);
                break;
            case 2:
                frame.RemoveRange(at, frame.Count - at);
                break;
            case 3:
                frame.RemoveRange(at, length);
                break;
            case 4:
                frame.InsertRange(at, frame.GetRange(at, length));
                break;
            case 5:
                var other = Frames[_random.Next(Frames.Length)];
                frame.RemoveRange(at, frame.Count - at);
                frame.AddRange(other[_random.Next(other.Length)..]);
                break;
            case 6:
                frame.InsertRange(at, Tokens[_random.Next(Tokens.Length)]);
                break;
            default:
                ReplaceDigit(frame, at);
                break;
        }
    }

    // Most often by another digit, so that damaged frames that still are trades occur in plenty.
    private void ReplaceDigit(List<byte> frame, int start)
    {
        var digit = frame.FindIndex(start, b => b is >= (byte)'0' and <= (byte)'9');
        if (digit >= 0) frame[digit] = (byte)('0' + _random.Next(10));
    }
}
