using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Simulation.Streams;

namespace Crypto.TradeIngest.Tests.Binance.Connections;

/// <summary>A server for one client that answers its handshake as told and leaves the rest to the test.</summary>
internal sealed class HandshakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HandshakeServer() => _listener.Start();

    public Uri Endpoint => new($"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/stream?timeUnit=MICROSECOND");

    public static string Agreement(string accept) =>
        $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n";

    /// <param name="answer">The head of the response without its last empty line, from the right value of Sec-WebSocket-Accept.</param>
    /// <param name="then">Sent together with it.</param>
    /// <returns>The client's request and the connection to it.</returns>
    public async Task<(string Request, NetworkStream Stream)> AcceptAsync(Func<string, string> answer, params byte[] then)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var socket = await _listener.AcceptSocketAsync(patience.Token);
        var stream = new NetworkStream(socket, ownsSocket: true);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, patience.Token);
            head.Append((char)one[0]);
        }

        var request = head.ToString();
        var key = request.Split("\r\n").First(
            line => line.StartsWith("Sec-WebSocket-Key: ", StringComparison.OrdinalIgnoreCase)).Split(": ", 2)[1];
        await stream.WriteAsync(
            (byte[])[.. Encoding.ASCII.GetBytes(answer(StreamHandshake.Accept(key)) + "\r\n"), .. then], patience.Token);
        return (request, stream);
    }

    /// <summary>Takes one client and shows it a certificate that nobody trusts.</summary>
    public async Task OfferCertificateAsync()
    {
        using var patience = Patience.Start();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = DateTimeOffset.UnixEpoch.AddYears(50);
        using var certificate = new CertificateRequest(
            "CN=exchange.test", key, HashAlgorithmName.SHA256).CreateSelfSigned(now, now.AddYears(100));
        await using var tls = new SslStream(new NetworkStream(await _listener.AcceptSocketAsync(patience.Token), ownsSocket: true));
        try
        {
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, patience.Token);
            while (await tls.ReadAsync(new byte[1], patience.Token) > 0)
            {
            }
        }
        catch (Exception refused) when (refused is IOException or AuthenticationException)
        {
            // Which of the two says so first depends on the version of TLS.
        }
    }

    public void Dispose() => _listener.Dispose();
}
