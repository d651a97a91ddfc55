using System.Collections.Immutable;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Streams;

/// <summary>
/// Lets the trades happen: walks the tape as the market's clock goes, counts what was produced, and offers each batch, rendered
/// once per variant, to every connection. A trade is due at its event time; a symbol's trades always leave in the order of their ids.
/// </summary>
internal sealed class TradeFeed : IDisposable
{
    private const int BatchTrades = 2048;

    // At full speed: bytes that may wait for a client before the feed waits for it.
    private const int HighWater = 1 << 20;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(1);

    // Timers take 49 days at most; recorded trades may lie further apart.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    // What is lost when the market is cut short, and is fetched again by who captures it: a moment's trades.
    private static readonly TimeSpan LongestReserve = TimeSpan.FromSeconds(1);
    private const int ReservedTrades = 16 * 1024;

    private readonly ITradeTape _tape;
    private readonly SimulatedExchangeOptions _options;
    private readonly Faults _faults;
    private readonly Func<ImmutableArray<StreamConnection>> _connections;
    private readonly Action<Func<int, long>>? _reserve;
    private readonly long[] _produced;
    private readonly long[] _ends;
    private readonly long[] _next;
    private readonly SimulatedTrade[] _pending;
    private readonly TradeFrames?[] _frames = new TradeFrames?[8];
    private readonly SimulatedTrade[] _batch = new SimulatedTrade[BatchTrades];
    private readonly int[] _ordinals = new int[BatchTrades];
    private readonly bool[] _muted;
    private readonly long[] _skips;
    private readonly SemaphoreSlim _audience = new(0);
    private int _count;
    private long _withheld;
    private Timestamp _reservedUntil;
    private long _started;
    private long _due;
    private TimeSpan _behind;

    /// <param name="tape">The trades.</param>
    /// <param name="options">The pace.</param>
    /// <param name="faults">Which trades are late, withheld or come out wrong.</param>
    /// <param name="connections">Those that are open.</param>
    /// <param name="reserve">Told, before trades happen, one past the last of each listing that may happen until it is told again.</param>
    public TradeFeed(
        ITradeTape tape, SimulatedExchangeOptions options, Faults faults, Func<ImmutableArray<StreamConnection>> connections,
        Action<Func<int, long>>? reserve = null)
    {
        _faults = faults;
        _started = options.TimeProvider.GetTimestamp();
        _due = tape.Start.Microseconds;
        _reserve = reserve;
        _tape = tape;
        _options = options;
        _connections = connections;
        _ends = TapeLimit.Split(tape, options.TotalTrades);
        _next = [.. Enumerable.Range(0, _ends.Length).Select(tape.First)];
        _produced = [.. _next];
        _pending = new SimulatedTrade[_ends.Length];
        _muted = new bool[_ends.Length];
        _skips = new long[_ends.Length];
        for (var i = 0; i < _next.Length; i++) ReadPending(i);
    }

    /// <summary>Trades that happened and were kept from every stream.</summary>
    public long Withheld => Interlocked.Read(ref _withheld);

    /// <summary>One past the last trade of a listing that happened: the next <c>k</c>.</summary>
    public long Produced(int ordinal) => Volatile.Read(ref _produced[ordinal]);

    /// <summary>The market's time up to which every trade that was due has been offered.</summary>
    public Timestamp Now
    {
        get
        {
            var due = new Timestamp(Interlocked.Read(ref _due));
            return _options.IsPaced && PacedNow is var now && now < due ? now : due;
        }
    }

    private Timestamp PacedNow =>
        _tape.Start + (_behind - _faults.Latency) + (_options.TimeProvider.GetElapsedTime(Interlocked.Read(ref _started)) * Speed);

    private double Speed => _options.Tape is null ? 1 : _options.Speed!.Value;

    /// <summary>To be called when a client may have begun to listen.</summary>
    public void Wake()
    {
        // One release too many only makes the feed look again.
        if (_audience.CurrentCount == 0) _audience.Release();
    }

    /// <summary>Keeps a listing's trades from every stream, or lets them through again. They happen all the same.</summary>
    public void Mute(int ordinal, bool muted) => Volatile.Write(ref _muted[ordinal], muted);

    /// <summary>Keeps the next trades of a listing from every stream.</summary>
    public void SkipNext(int ordinal, long count) => Interlocked.Add(ref _skips[ordinal], count);

    /// <summary>Runs to the end of the tape.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        _options.IsPaced ? RunPacedAsync(cancellationToken) : RunFullSpeedAsync(cancellationToken);

    public void Dispose() => _audience.Dispose();

    private async Task RunPacedAsync(CancellationToken cancellationToken)
    {
        var clock = _options.TimeProvider;
        _started = clock.GetTimestamp();

        // A generated market's time is that of the clock: what its start took until here is not to be in every trade's latency.
        _behind = _options.Tape is null ? Timestamp.Now(clock) - _tape.Start : TimeSpan.Zero;
        while (NextDue() is { } due)
        {
            // Open loop: lateness never thins the trades out, they leave as soon as they can.
            var now = PacedNow;
            if (due > now)
            {
                var wait = (due - now) / Speed;
                await Task.Delay(wait < Tick ? Tick : wait < LongestWait ? wait : LongestWait, clock, cancellationToken);
                continue;
            }

            while (Fill(now))
            {
                Publish();
                cancellationToken.ThrowIfCancellationRequested();
            }

            Publish();
        }
    }

    private async Task RunFullSpeedAsync(CancellationToken cancellationToken)
    {
        // The market's time that about one batch takes, so that symbols alternate as they would.
        var step = TimeSpan.FromMicroseconds(Math.Max(1, BatchTrades * 1_000_000.0 / _options.MarketRate));
        while (NextDue() is { } due)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await WaitForAudienceAsync(cancellationToken);
            var more = Fill(due + step);
            Publish();
            while (more)
            {
                await WaitForSlowestAsync(HighWater, cancellationToken);
                more = Fill(due + step);
                Publish();
            }

            await WaitForSlowestAsync(HighWater, cancellationToken);
        }

        await WaitForSlowestAsync(0, cancellationToken);
    }

    private Timestamp? NextDue()
    {
        var due = new Timestamp(long.MaxValue);
        for (var i = 0; i < _next.Length; i++)
        {
            if (_next[i] < _ends[i] && _pending[i].EventTime < due) due = _pending[i].EventTime;
        }

        // A market at its end goes on without trades if it goes by the clock.
        if (due.Microseconds != long.MaxValue || _options.IsPaced) Interlocked.Exchange(ref _due, due.Microseconds);
        return due.Microseconds == long.MaxValue ? null : due;
    }

    /// <summary>Fills the batch with trades due at <paramref name="now"/>.</summary>
    /// <returns>Whether it was filled before all were in.</returns>
    private bool Fill(Timestamp now)
    {
        _count = 0;
        if (_reserve is not null && now > _reservedUntil) Reserve(now);
        for (var i = 0; i < _next.Length; i++)
        {
            var taken = 0L;
            while (_next[i] < _ends[i] && _pending[i].EventTime <= now)
            {
                if (_count == BatchTrades)
                {
                    Volatile.Write(ref _produced[i], _next[i]);
                    return true;
                }

                if (Withholds(i)) Interlocked.Increment(ref _withheld);
                else Take(i);
                taken++;
                _next[i]++;
                ReadPending(i);
            }

            if (taken > 0) Volatile.Write(ref _produced[i], _next[i]);
        }

        return false;
    }

    private void Reserve(Timestamp now)
    {
        var span = TimeSpan.FromSeconds(ReservedTrades / _options.MarketRate);
        var until = now + (span < LongestReserve ? span : LongestReserve);
        _reserve!(ordinal => Math.Min(_ends[ordinal], Math.Max(_next[ordinal], _tape.FirstAtOrAfter(ordinal, until))));
        _reservedUntil = until;
    }

    private bool Withholds(int ordinal)
    {
        if (Volatile.Read(ref _muted[ordinal]) || _faults.Drop.Hits(_pending[ordinal].TradeId)) return true;
        if (Volatile.Read(ref _skips[ordinal]) == 0) return false;
        Interlocked.Decrement(ref _skips[ordinal]);
        return true;
    }

    private void Take(int ordinal)
    {
        _batch[_count] = _pending[ordinal];
        _ordinals[_count++] = ordinal;
    }

    private void ReadPending(int ordinal)
    {
        if (_next[ordinal] < _ends[ordinal]) _tape.Read(ordinal, _next[ordinal], out _pending[ordinal]);
    }

    private void Publish()
    {
        if (_count == 0) return;
        var connections = _connections();
        Span<bool> rendered = stackalloc bool[_frames.Length];
        foreach (var connection in connections)
        {
            var form = connection.Variant;
            Publish(connection, form, rendered);
            Publish(connection, form | StreamVariant.Aggregate, rendered);
        }
    }

    private void Publish(StreamConnection connection, StreamVariant variant, Span<bool> rendered)
    {
        if (!connection.Wants(variant)) return;
        var frames = _frames[(int)variant] ??= new TradeFrames(variant, _tape.Listings, BatchTrades, _faults);
        if (!rendered[(int)variant])
        {
            frames.Clear();
            for (var i = 0; i < _count; i++) frames.Add(_ordinals[i], _batch[i]);
            rendered[(int)variant] = true;
        }

        connection.Offer(variant, frames, _ordinals.AsSpan(0, _count));
    }

    private async ValueTask WaitForAudienceAsync(CancellationToken cancellationToken)
    {
        while (!HasAudience()) await _audience.WaitAsync(cancellationToken);
    }

    private bool HasAudience()
    {
        foreach (var connection in _connections())
        {
            if (connection.WantsTrades) return true;
        }

        return false;
    }

    private async ValueTask WaitForSlowestAsync(int limit, CancellationToken cancellationToken)
    {
        foreach (var connection in _connections()) await connection.WhenAtMostAsync(limit, cancellationToken);
    }
}
