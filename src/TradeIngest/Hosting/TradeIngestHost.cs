using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Ingest;
using Crypto.TradeIngest.Reference;
using Crypto.TradeIngest.Sink;
using Crypto.TradeIngest.Workers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The running service: its workers on a generic host, and what the host answers over HTTP. The first failure of a worker stops it; a stop
/// drains in the one order of its workers.
/// </summary>
internal sealed class TradeIngestHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServiceOptions _options;
    private readonly ServiceFailure _failure;

    private TradeIngestHost(WebApplication app, ServiceOptions options)
    {
        _app = app;
        _options = options;
        _failure = app.Services.GetRequiredService<ServiceFailure>();
    }

    /// <summary>Null where this process does not have the role.</summary>
    public IngestWorker? Ingest => _app.Services.GetService<IngestWorker>();

    /// <inheritdoc cref="Ingest"/>
    public SinkWorker? Sink => _app.Services.GetService<SinkWorker>();

    /// <inheritdoc cref="Ingest"/>
    public ReferenceWorker? Reference => _app.Services.GetService<ReferenceWorker>();

    /// <summary>Of all roles; zero where this process does not have them.</summary>
    public TradeIngestMetrics Metrics => _app.Services.GetRequiredService<TradeIngestMetrics>();

    public IServiceProvider Services => _app.Services;

    /// <summary>Canceled when the service ends by itself: a worker failed.</summary>
    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    /// <summary>The whole service over the given stores: the roles that they allow.</summary>
    /// <param name="reread">Reads the options again, for those that may change at run time; null where they stay.</param>
    public static TradeIngestHost Build(
        Stores stores, ServiceOptions options, Role roles, bool isReset, TimeProvider clock, ILoggerFactory loggers,
        Func<ServiceOptions>? reread = null) =>
        Build(options, clock, loggers, services =>
        {
            services.AddTradeLog(stores.Log, options.Kafka);
            if ((roles & (Role.Ingest | Role.Reference)) != Role.None) services.AddExchange(options, stores.Folder, reread);
            if (roles.HasFlag(Role.Sink)) services.AddWarehouse(stores.Warehouse, options.Log, isReset, stores.CheckpointInterval);
            if (roles.HasFlag(Role.Reference)) services.AddReference(options, stores.Folder);
            if (roles.HasFlag(Role.Ingest)) services.AddIngest(options, stores.Folder);
        });

    /// <summary>A service of the parts that <paramref name="configure"/> adds.</summary>
    public static TradeIngestHost Build(
        ServiceOptions options, TimeProvider clock, ILoggerFactory loggers, Action<IServiceCollection> configure)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services
            .AddSingleton(clock)
            .AddSingleton(loggers)
            .AddSingleton(typeof(ILogger<>), typeof(Logger<>))
            .AddSingleton<Random>()
            .AddSingleton<IHostLifetime, CommandLifetime>()
            .AddServiceOptions(options)
            .AddTelemetry()
            .Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        configure(builder.Services);
        builder.AddHealth(options.Health);
        var app = builder.Build();
        app.MapHealth(options.Health);
        return new TradeIngestHost(app, options);
    }

    /// <summary>Starts the workers, which open what they need beside the caller.</summary>
    /// <exception cref="ConfigurationException">The port for HTTP cannot be listened on.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw new ConfigurationException(
                $"Health: {_options.Health.Address}:{_options.Health.Port} cannot be listened on ({failure.Message}). Set "
                    + "CRYPTO__Health__Port.", failure);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            ThrowIfFailed();
            throw;
        }
    }

    /// <summary>Completes when every worker is at work.</summary>
    public async Task WaitUntilStartedAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Stopping);
        try
        {
            await Task.WhenAll(_app.Services.GetServices<Worker>().Select(worker => worker.Started)).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            ThrowIfFailed();
            throw;
        }
    }

    /// <exception cref="Exception">What a worker failed with first.</exception>
    public void ThrowIfFailed() => _failure.ThrowIfAny();

    /// <summary>What became of everything that came; exact once drained.</summary>
    public DrainBalance Balance()
    {
        // Another process may append to a shared log, and what Snowflake commits is counted when it says so.
        var ownsLog = Ingest is not null && Sink is not null && _options.Log.Kind == LogKind.Embedded
            && _options.Warehouse.Target == WarehouseTarget.Embedded;
        var leftover = Sink is { CaughtUp: { IsCompletedSuccessfully: true } caughtUp } ? caughtUp.Result : default;
        return DrainBalance.Of(Metrics, Ingest is not null, ownsLog, leftover);
    }

    /// <summary>Drains and ends.</summary>
    /// <returns>False when the time ran out; what was not in the log then counts as missing at the next start.</returns>
    public async Task<bool> StopAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        return _app.Services.GetServices<Worker>().All(worker => worker.IsDrained);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        var (clock, logger) = (
            _app.Services.GetRequiredService<TimeProvider>(), _app.Services.GetRequiredService<ILogger<TradeIngestHost>>());
        await BoundedDisposal.DisposeAsync(_app, "The service", _options.DrainTimeout, clock, logger);
    }

    /// <summary>Signals are the command line's, which runs other commands too.</summary>
    private sealed class CommandLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
