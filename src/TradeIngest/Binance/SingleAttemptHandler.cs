using System.Net.Sockets;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The platform's HTTP, with one connection for one request: of a server that accepts and closes it would make four by itself, which an
/// exchange counts and the log does not show.
/// </summary>
internal static class SingleAttemptHandler
{
    private const string Attempted = "attempted";

    /// <summary>For sockets, which share nothing of it.</summary>
    public static HttpMessageInvoker Invoker { get; } = new(Create());

    public static SocketsHttpHandler Create() => new()
    {
        AllowAutoRedirect = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectCallback = ConnectAsync,
    };

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        IDictionary<string, object?> options = context.InitialRequestMessage.Options;
        if (!options.TryAdd(Attempted, true)) throw new IOException("The connection was closed before an answer came.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
