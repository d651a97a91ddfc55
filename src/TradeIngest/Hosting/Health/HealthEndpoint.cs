using System.Net;
using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Simulation;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Hosting.Health;

/// <summary><c>GET /health</c> over HTTP: 200 while every part gets on, else 503, with a <see cref="HealthReport"/> either way.</summary>
internal sealed class HealthEndpoint : IAsyncDisposable
{
    public const string Path = "/health";

    private readonly HealthMonitor _monitor;
    private readonly LoopbackServer _server;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _looking;

    private HealthEndpoint(HealthOptions options, IReadOnlyList<HealthPart> parts, TimeProvider clock)
    {
        _monitor = new HealthMonitor(parts, options.Bound, clock);
        _server = new LoopbackServer(IPAddress.Parse(options.Address), options.Port, AnswerAsync);
        _looking = Task.Run(() => _monitor.RunAsync(_stopping.Token));
    }

    /// <returns>Null where no port is configured.</returns>
    /// <exception cref="ConfigurationException">The port is taken.</exception>
    public static async Task<HealthEndpoint?> StartAsync(
        HealthOptions options, IReadOnlyList<HealthPart> parts, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (options.Port == 0) return null;
        var endpoint = new HealthEndpoint(options, parts, clock);
        try
        {
            await endpoint._server.StartAsync(cancellationToken);
            return endpoint;
        }
        catch (IOException failure)
        {
            await endpoint.DisposeAsync();
            throw new ConfigurationException($"Health: {options.Address}:{options.Port} cannot be listened on ({failure.Message}). Set CRYPTO__Health__Port.", failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _looking;
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
        _stopping.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path != Path)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        var report = _monitor.Read();
        context.Response.StatusCode = report.IsHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(context.Response.Body, report, MachineJson.Line, context.RequestAborted);
    }
}
