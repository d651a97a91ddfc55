using System.Diagnostics.Metrics;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Carries trades and dead letters from the log into the warehouse, and removes from a log of this process's own what is stored.
/// </summary>
internal sealed class WarehouseSink : IAsyncDisposable
{
    private readonly TopicSinkParts _parts;
    private readonly LogTrimmer? _trimmer;
    private readonly TopicSink _deadLetters;

    private WarehouseSink(TopicSinkParts parts, LogTrimmer? trimmer, TopicSink trades, TopicSink deadLetters)
    {
        _parts = parts;
        _trimmer = trimmer;
        Trades = trades;
        _deadLetters = deadLetters;
    }

    public TopicSink Trades { get; }

    /// <summary>What must progress while the sink runs.</summary>
    public IReadOnlyList<Probe> Probes
    {
        get
        {
            List<Probe> probes = [Of("sink trades", Trades.Metrics), Of("sink dead letters", _deadLetters.Metrics)];

            // The one that notices a broker that is gone: the others then wait, as when there is nothing to read.
            if (_parts.Gate is not null)
            {
                probes.Add(new Probe("sink symbols", static () => false, () => _parts.Metrics.Sink.SymbolPolls.Value));
            }

            return probes;

            static Probe Of(string name, ConsumerMetrics metrics) => new(name, () => metrics.IsWaiting, () => metrics.Polls);
        }
    }

    /// <param name="parts">The log, the warehouse and what stands between them.</param>
    /// <param name="trimmer">Null where nothing is to be removed from the log.</param>
    /// <param name="loggers">For what is read again.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="LogException">The log does not have what the warehouse wants next, and no reset was asked for.</exception>
    public static async Task<WarehouseSink> OpenAsync(
        TopicSinkParts parts, LogTrimmer? trimmer, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (parts.Gate is not null) await parts.Gate.CatchUpAsync(cancellationToken);
        var logger = loggers.CreateLogger<TopicSink>();
        var trades = await TopicSink.OpenAsync(parts, Topics.StockTrades, logger, cancellationToken);
        try
        {
            var deadLetters = await TopicSink.OpenAsync(parts, Topics.DeadLetters, logger, cancellationToken);
            return new WarehouseSink(parts, trimmer, trades, deadLetters);
        }
        catch
        {
            await trades.DisposeAsync();
            throw;
        }
    }

    /// <summary>Loads what an earlier run left in the log, and nothing else.</summary>
    public static async Task CatchUpAsync(ITradeLog log, IWarehouse warehouse, TimeProvider clock, CancellationToken cancellationToken)
    {
        // Of its own: what an earlier run left is no figure of the service that starts now.
        using var meter = new Meter(TradeIngestMetrics.MeterName);
        var parts = new TopicSinkParts(log, warehouse, new SymbolTable(), null, new TradeIngestMetrics(meter), IsReset: false, clock);
        await using var sink = await OpenAsync(parts, trimmer: null, NullLoggerFactory.Instance, cancellationToken);
        await sink.DrainAsync(cancellationToken);
    }

    /// <summary>Loads what is in the log now; see <see cref="ILogConsumer.DrainAsync"/>.</summary>
    public Task DrainAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Task.Run(() => Trades.DrainAsync(cancellationToken), CancellationToken.None),
        Task.Run(() => _deadLetters.DrainAsync(cancellationToken), CancellationToken.None));

    /// <summary>
    /// Loads what is appended, until canceled. When one part fails the others end too, so that the failure is known at once.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // Stores are synchronous at heart: each part gets a thread of the pool to itself.
        List<Func<CancellationToken, Task>> parts = [Trades.RunAsync, _deadLetters.RunAsync];
        if (_parts.Gate is not null) parts.Add(_parts.Gate.RunAsync);
        if (_trimmer is not null) parts.Add(_trimmer.RunAsync);
        var running = parts.ConvertAll(part => Task.Run(() => part(ending.Token), CancellationToken.None));
        await Task.WhenAny(running);
        await ending.CancelAsync();
        await Task.WhenAll(running);
    }

    public async ValueTask DisposeAsync()
    {
        await Trades.DisposeAsync();
        await _deadLetters.DisposeAsync();
    }
}
