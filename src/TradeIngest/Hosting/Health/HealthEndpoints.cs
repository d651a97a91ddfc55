using System.Net;
using System.Text.Json;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Crypto.TradeIngest.Hosting.Health;

/// <summary>
/// Health over HTTP: <c>/healthz/live</c> answers 200 as long as the process answers at all, <c>/healthz/ready</c> 200 while every worker
/// runs and progresses, else 503, with a <see cref="HealthReport"/> either way.
/// </summary>
internal static class HealthEndpoints
{
    public const string LivePath = "/healthz/live";
    public const string ReadyPath = "/healthz/ready";

    public static void AddHealth(this WebApplicationBuilder builder, HealthOptions options)
    {
        builder.Services.AddSingleton(provider => new HealthMonitor(
            () => [.. provider.GetServices<Worker>()], options.Bound, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddHealthChecks().AddCheck<ProgressHealthCheck>("progress");
        if (options.Port == 0)
        {
            builder.Services.AddSingleton<IServer, NoServer>();
            return;
        }

        builder.Services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<HealthMonitor>());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Parse(options.Address), options.Port);
        });
    }

    public static void MapHealth(this WebApplication app, HealthOptions options)
    {
        if (options.Port == 0) return;
        app.UseRouting();
        app.MapHealthChecks(LivePath, new HealthCheckOptions { Predicate = static _ => false });
        app.MapHealthChecks(ReadyPath, new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, Microsoft.Extensions.Diagnostics.HealthChecks.HealthReport health)
    {
        context.Response.ContentType = "application/json";
        var report = context.RequestServices.GetRequiredService<HealthMonitor>().Read();
        return JsonSerializer.SerializeAsync(context.Response.Body, report, MachineJson.Line, context.RequestAborted);
    }

    private sealed class ProgressHealthCheck(HealthMonitor monitor) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(monitor.Read().IsHealthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }

    /// <summary>For a service that answers nothing over HTTP; Kestrel would listen on a port of its own choice.</summary>
    private sealed class NoServer : IServer
    {
        public IFeatureCollection Features { get; } = new FeatureCollection();

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Dispose()
        {
        }
    }
}
