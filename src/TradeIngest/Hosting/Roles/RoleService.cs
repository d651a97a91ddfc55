using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Binance.Rest;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting.Roles;

/// <summary>The chosen roles in this process, over Kafka. Only the sink opens a warehouse, and takes the folder's lock where that is a file.</summary>
internal sealed class RoleService : IAsyncDisposable
{
    private readonly KafkaTradeLog _log;
    private readonly HttpClient? _http;
    private readonly TimeSpan _drainTimeout;
    private readonly List<IRole> _roles;
    private readonly List<IAsyncDisposable> _owned;

    private RoleService(KafkaTradeLog log, HttpClient? http, TimeSpan drainTimeout, List<IRole> roles, List<IAsyncDisposable> owned)
    {
        _log = log;
        _http = http;
        _drainTimeout = drainTimeout;
        _roles = roles;
        _owned = owned;
        Failure = FirstFailureAsync([.. roles.Select(role => role.Running)]);
    }

    public KafkaTradeLog Log => _log;

    public IngestRole? Ingest => _roles.OfType<IngestRole>().FirstOrDefault();

    public ReferenceRole? Reference => _roles.OfType<ReferenceRole>().FirstOrDefault();

    public SinkRole? Sink => _roles.OfType<SinkRole>().FirstOrDefault();

    public IReadOnlyList<HealthPart> Parts => [.. _roles.SelectMany(role => role.Parts)];

    /// <summary>Completes with the exception as soon as a role fails; never while all is well.</summary>
    public Task<Exception> Failure { get; }

    /// <summary>Starts reference, then sink, then ingest: each finds ready what it waits for.</summary>
    /// <param name="reset">Whether a sink gives up positions that the log cannot go on from.</param>
    /// <exception cref="ConfigurationException">A topic or a symbol is not as configured.</exception>
    /// <exception cref="ExchangeException">The exchange cannot be reached.</exception>
    public static async Task<RoleService> StartAsync(
        Role roles, ServiceOptions options, bool reset, TimeProvider clock, Random random, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var folder = new DataFolder(options.Data);
        var log = (KafkaTradeLog)await Stores.OpenLogAsync(folder, options, clock, loggers);
        var owned = new List<IAsyncDisposable>();
        var started = new List<IRole>();
        HttpClient? http = null;
        try
        {
            IReadOnlyList<ExchangeSymbol> chosen = [];
            BinanceRestClient? rest = null;
            var exchangeClock = new ExchangeClock(clock, options.Exchange.Clock, loggers.CreateLogger<ExchangeClock>());
            if ((roles & (Role.Ingest | Role.Reference)) != Role.None)
            {
                http = new HttpClient { BaseAddress = CaptureService.BaseOf(options.Exchange.Rest), Timeout = TimeSpan.FromSeconds(10) };
                rest = new BinanceRestClient(http, new WeightBudget(clock), exchangeClock);
                await exchangeClock.CompareAsync(rest, cancellationToken);
                chosen = CaptureService.Choose(options.Exchange, await rest.GetExchangeInfoAsync(cancellationToken));
            }

            if (roles.HasFlag(Role.Reference))
            {
                started.Add(ReferenceRole.Start(log, folder, options, rest!, chosen, clock, loggers));
            }

            if (roles.HasFlag(Role.Sink))
            {
                if (options.Warehouse.Target == WarehouseTarget.Embedded) owned.Add(new Owned(folder.Lock()));
                var warehouse = await Stores.OpenWarehouseAsync(folder, options, clock, loggers, cancellationToken);
                owned.Add(warehouse);
                started.Add(await SinkRole.StartAsync(log, warehouse, reset, clock, loggers, cancellationToken));
            }

            if (roles.HasFlag(Role.Ingest))
            {
                started.Add(await UnlessFailedAsync(
                    started, token => IngestRole.StartAsync(log, options, rest!, exchangeClock, chosen, clock, random, loggers, token), cancellationToken));
            }

            return new RoleService(log, http, options.DrainTimeout, started, owned);
        }
        catch
        {
            await DisposeAsync(started, owned, log, http);
            throw;
        }
    }

    /// <summary>Stops the roles, those that feed others first.</summary>
    /// <returns>False when the time ran out.</returns>
    public async Task<bool> StopAsync()
    {
        var isDrained = true;
        foreach (var role in Enumerable.Reverse(_roles)) isDrained &= await role.StopAsync(_drainTimeout);
        return isDrained;
    }

    public ValueTask DisposeAsync() => new(DisposeAsync(_roles, _owned, _log, _http));

    /// <summary>Starts a role that waits for others, unless one of those fails meanwhile: its failure is thrown then.</summary>
    private static async Task<T> UnlessFailedAsync<T>(List<IRole> others, Func<CancellationToken, Task<T>> start, CancellationToken cancellationToken)
        where T : IRole
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var starting = start(waiting.Token);
        var ended = await Task.WhenAny([starting, .. others.Select(other => other.Running)]);
        if (ended == starting) return await starting;
        await waiting.CancelAsync();
        await starting.ContinueWith(static _ => { }, TaskScheduler.Default);
        if (starting.IsCompletedSuccessfully) await starting.Result.DisposeAsync();
        await ended;
        throw new OperationCanceledException("A role ended while another was starting.", cancellationToken);
    }

    private static async Task DisposeAsync(List<IRole> roles, List<IAsyncDisposable> owned, KafkaTradeLog log, HttpClient? http)
    {
        foreach (var role in Enumerable.Reverse(roles)) await role.DisposeAsync();
        foreach (var store in Enumerable.Reverse(owned)) await store.DisposeAsync();
        await log.DisposeAsync();
        http?.Dispose();
    }

    private static async Task<Exception> FirstFailureAsync(List<Task> roles)
    {
        while (roles.Count > 0)
        {
            var ended = await Task.WhenAny(roles);
            if (ended.Exception is { } failure) return failure.InnerException!;
            roles.Remove(ended);
        }

        // All ended well: nothing will fail any more, and nothing is to be told.
        return await new TaskCompletionSource<Exception>().Task;
    }

    private sealed class Owned(IDisposable resource) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            resource.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
