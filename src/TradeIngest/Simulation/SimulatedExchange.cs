using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Simulation.Rest;
using Crypto.TradeIngest.Simulation.Streams;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation;

/// <summary>
/// An exchange in this process that speaks Binance's spot protocol over loopback: clients written for the real one work against
/// it unchanged but for the base address. The market starts when <see cref="StartAsync"/> has completed. Members that take a
/// ticker throw <see cref="KeyNotFoundException"/> for one that is not listed.
/// </summary>
internal sealed class SimulatedExchange : IAsyncDisposable
{
    private static readonly TimeSpan AttemptWindow = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly SimulatedExchangeOptions _options;
    private readonly LoopbackServer _server;
    private readonly CancellationTokenSource _halting = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<IPAddress, MessageBudget> _attempts = new();
    private ImmutableArray<StreamConnection> _connections = [];
    private IReadOnlyDictionary<string, int> _ordinals = ImmutableDictionary<string, int>.Empty;
    private IReadOnlyDictionary<string, int> _streams = ImmutableDictionary<string, int>.Empty;
    private ITradeTape? _tape;
    private volatile TradeFeed? _feed;
    private KlineFeed? _klines;
    private RestApi? _rest;
    private ArchiveApi? _archive;
    private Task _background = Task.CompletedTask;
    private long _upgrades;
    private long _accepted;
    private long _refusedAttempts;
    private long _fellBehind;
    private bool _disposed;

    public SimulatedExchange(SimulatedExchangeOptions options)
    {
        if (options.Rate is < 0.001 or > 10_000_000 or double.NaN)
        {
            throw new ArgumentException("The rate must be 0.001 to 10,000,000 trades per second.", nameof(options));
        }

        if (options.Speed is not null and not > 0) throw new ArgumentException("The speed must be more than 0.", nameof(options));
        _options = options;
        Faults = options.Faults ?? new Faults(options.Seed);
        _server = new LoopbackServer(options.Address, options.Port, HandleAsync);
    }

    /// <summary>Such as <c>ws://127.0.0.1:9443</c>. Known after the start.</summary>
    public Uri WsBase => _server.Base("ws");

    /// <summary>Such as <c>http://127.0.0.1:9443</c>. Known after the start.</summary>
    public Uri RestBase => _server.Base("http");

    /// <summary>The generated market, this run included: saved, it lets stored trades be checked later. Null for recorded trades.</summary>
    public MarketDescription? Description { get; private set; }

    /// <summary>The listed tickers.</summary>
    public IEnumerable<string> Tickers => _ordinals.Keys;

    /// <summary>Misbehavior on request.</summary>
    public Faults Faults { get; }

    /// <summary>
    /// Fails when <see cref="SimulatedExchangeOptions.Keep"/> does. Completes when the last trade happened and, at full speed, the
    /// connections have taken it; canceled when the market is halted before.
    /// </summary>
    public Task Finished { get; private set; } = Task.CompletedTask;

    public int OpenConnections => _connections.Length;

    /// <summary>Requests and connection attempts refused for being too many.</summary>
    public long RefusedByLimits => Interlocked.Read(ref _refusedAttempts) + (_rest?.RefusedByWeight ?? 0);

    /// <summary>Symbols whose trades are subscribed to, summed over the connections.</summary>
    public int TradeStreams => _connections.Sum(connection => connection.TradeStreams);

    /// <summary>Connections ever accepted.</summary>
    public long AcceptedConnections => Interlocked.Read(ref _accepted);

    /// <summary>Connections cut off because they took their trades too slowly.</summary>
    public long FellBehind => Interlocked.Read(ref _fellBehind);

    /// <summary>Trades that happened and were kept from the streams.</summary>
    public long Withheld => _feed?.Withheld ?? 0;

    /// <summary>Trades of this run that happened.</summary>
    public long TotalProduced => Enumerable.Range(0, _tape?.Listings.Count ?? 0).Sum(i => _feed!.Produced(i) - _tape!.First(i));

    /// <summary>One past the last trade of a ticker that happened: where a later run continues.</summary>
    public long Produced(string ticker) => _feed!.Produced(_ordinals[ticker]);

    /// <summary>Listens, and lets the market begin.</summary>
    /// <exception cref="ArgumentException">A symbol cannot be listed.</exception>
    /// <exception cref="InvalidDataException">The market that is continued contradicts itself.</exception>
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        await _server.StartAsync(cancellation);

        // The market's clock is read when clients can already connect; until the feed is there, they are asked to come back.
        var tape = _options.Tape ?? Generate();
        _tape = tape;
        _streams = Subscriptions.Ordinals(tape.Listings);
        _ordinals = tape.Listings
            .Select((listing, ordinal) => (listing.Ticker, ordinal))
            .ToDictionary(pair => pair.Ticker, pair => pair.ordinal, StringComparer.Ordinal);
        Action<Func<int, long>>? reserve = _options.Keep is null || Description is null ? null : KeepUpTo;
        var feed = new TradeFeed(tape, _options, Faults, () => _connections, reserve);
        var lag = Faults.RestLag is { } time ? new LaggingView(tape.Listings.Count, feed.Produced, time, _options.TimeProvider) : null;
        _rest = new RestApi(_options, Faults, tape, lag is null ? feed.Produced : lag.Produced, () => feed.Now, _stopping.Token);
        _archive = new ArchiveApi(tape, feed.Produced, () => feed.Now);
        _klines = new KlineFeed(tape, feed, _options.TimeProvider, () => _connections);
        _feed = feed;
        Finished = Task.Run(() => feed.RunAsync(_halting.Token), CancellationToken.None);
        _background = Task.WhenAll(
            lag?.RunAsync(_stopping.Token) ?? Task.CompletedTask,
            _klines.RunAsync(_halting.Token),
            Faults.Disconnect is { } every ? DisconnectAsync(every, _stopping.Token) : Task.CompletedTask);
    }

    /// <summary>Ends the market: nothing happens any more, what happened stays available by REST and connections stay open.</summary>
    public async Task HaltAsync()
    {
        var isFirst = !_halting.IsCancellationRequested;
        await _halting.CancelAsync();
        await Finished.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        if (isFirst && _options.Keep is not null && Description is not null && !Finished.IsFaulted) KeepUpTo(_feed!.Produced);
    }

    /// <summary>Cuts every connection without a closing handshake.</summary>
    public void DropConnections()
    {
        foreach (var connection in _connections) connection.Abort();
    }

    /// <summary>Sends <c>serverShutdown</c> to every connection; the connections stay open.</summary>
    public void AnnounceShutdown()
    {
        foreach (var connection in _connections) connection.AnnounceShutdown();
    }

    /// <summary>A planned shutdown as a client sees it: <c>serverShutdown</c>, then a close. New connections are welcome.</summary>
    public void ShutDownConnections()
    {
        foreach (var connection in _connections)
        {
            connection.AnnounceShutdown();
            connection.Close(CloseCode.GoingAway, "Server is shutting down");
        }
    }

    /// <summary>Keeps a symbol's trades from every stream, or lets them through again; they happen, and REST has them.</summary>
    public void MuteSymbol(string ticker, bool muted) => _feed!.Mute(_ordinals[ticker], muted);

    /// <summary>Keeps the next <paramref name="count"/> trades of a symbol from every stream; REST has them.</summary>
    public void SkipNext(string ticker, long count) => _feed!.SkipNext(_ordinals[ticker], count);

    /// <summary>Sets the status <c>exchangeInfo</c> tells of a symbol, such as <c>BREAK</c>. Trades go on.</summary>
    public void SetStatus(string ticker, string status) => _rest!.SetStatus(_tape!.Listings[_ordinals[ticker]].Ticker, status);

    /// <summary>Ends the market, tells every client, and frees the port.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await HaltAsync();
        await _stopping.CancelAsync();
        try
        {
            await _background;
        }
        catch (OperationCanceledException)
        {
            // How these loops end.
        }

        ShutDownConnections();

        // Clients that do not answer the close in time are cut off.
        using (var patience = new CancellationTokenSource(StopTimeout, _options.TimeProvider)) await _server.StopAsync(patience.Token);
        _server.Dispose();
        _feed?.Dispose();
        _klines?.Dispose();
        _halting.Dispose();
        _stopping.Dispose();
    }

    private async Task DisconnectAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        var choice = Noise.Seed(_options.Seed, "disconnect");
        using var timer = new PeriodicTimer(every, _options.TimeProvider);
        for (var cut = 0L; await timer.WaitForNextTickAsync(cancellationToken); cut++)
        {
            var open = _connections;
            if (open.IsEmpty) continue;
            var connection = open[(int)(Noise.At(choice, cut) % (ulong)open.Length)];
            if (Faults.DisconnectCloses) connection.Close(CloseCode.GoingAway, "Disconnected");
            else connection.Abort();
        }
    }

    private void Wake()
    {
        _feed!.Wake();
        _klines!.Wake();
    }

    private void KeepUpTo(Func<int, long> end)
    {
        Description = Description!.EndingAt(_ordinals.ToDictionary(pair => pair.Key, pair => end(pair.Value), StringComparer.Ordinal));
        _options.Keep!(Description);
    }

    private GeneratedTape Generate()
    {
        var milli = (long)Math.Round(_options.MarketRate * 1000);
        var start = Timestamp.Now(_options.TimeProvider);
        Description = (_options.Continues ?? MarketDescription.New(_options.Seed)).Continue(
            _options.Symbols.Union(Faults.List.Keys, StringComparer.Ordinal), start, milli, _options.FirstK,
            Faults.List.IsEmpty ? null : Times(Faults.List));
        _options.Keep?.Invoke(Description);
        return new GeneratedTape(new SimulatedMarket(Description), Times(Faults.Delist));

        Dictionary<string, Timestamp> Times(IReadOnlyDictionary<string, TimeSpan> after) =>
            after.ToDictionary(pair => pair.Key, pair => start + pair.Value, StringComparer.Ordinal);
    }

    private Task HandleAsync(HttpContext context)
    {
        if (_feed is null || _rest is null || _archive is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }

        if (StreamHandshake.IsStreamPath(context.Request.Path)) return ServeStreamAsync(context);
        return ArchiveApi.IsArchivePath(context.Request.Path) ? _archive.HandleAsync(context) : _rest.HandleAsync(context);
    }

    private async Task ServeStreamAsync(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        var attempts = _attempts.GetOrAdd(
            address, _ => new MessageBudget(_options.ConnectionsPerFiveMinutes, AttemptWindow, _options.TimeProvider));
        bool allowed;
        lock (attempts) allowed = attempts.TrySpend();
        if (!allowed)
        {
            Interlocked.Increment(ref _refusedAttempts);
            context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            context.Response.Headers.RetryAfter = "300";
            return;
        }

        if (Faults.Find(Faults.UpgradeStatuses, Interlocked.Increment(ref _upgrades)) is { } refusal)
        {
            context.Response.StatusCode = refusal.Status;
            if (refusal.RetryAfter is { } wait) context.Response.Headers.RetryAfter = RestApi.RetryAfter(wait);
            return;
        }

        if (!StreamHandshake.TryReadState(context.Request, new Subscriptions(_streams, _options.StreamsPerConnection), out var state)
            || await StreamHandshake.AcceptAsync(context) is not { } stream)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var connection = new StreamConnection(_options, Faults, stream, state, context.Abort, Wake);
        ImmutableInterlocked.Update(ref _connections, (open, added) => open.Add(added), connection);
        Interlocked.Increment(ref _accepted);
        Wake();
        try
        {
            await connection.RunAsync();
        }
        finally
        {
            ImmutableInterlocked.Update(ref _connections, (open, gone) => open.Remove(gone), connection);
            if (connection.FellBehind) Interlocked.Increment(ref _fellBehind);
        }
    }
}
