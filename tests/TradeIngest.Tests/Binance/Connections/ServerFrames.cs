using System.Text;
using ServerFrame = Crypto.TradeIngest.Simulation.Streams.Frame;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

/// <summary>Frames as a server writes them, right or wrong.</summary>
internal static class ServerFrames
{
    public static byte[] Text(string text) => Frame(0x81, Encoding.UTF8.GetBytes(text));

    /// <param name="first">Final bit, reserved bits and opcode.</param>
    public static byte[] Frame(byte first, params byte[] payload)
    {
        var header = new byte[ServerFrame.MaxHeaderLength];
        return [.. header[..ServerFrame.WriteHeader(header, first, payload.Length)], .. payload];
    }
}
