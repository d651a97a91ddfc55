using System.Threading.Channels;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The connections of one trade stream, brought to what is wanted whenever that changes. A stream that moves to another connection is
/// confirmed there before the first one is closed.
/// </summary>
/// <param name="open">Makes a shard of the streams.</param>
/// <param name="wanted">The symbols to capture.</param>
internal sealed class StreamShards(
    Func<IReadOnlySet<string>, StreamContext, StreamShard> open, Latest<IReadOnlyList<Symbol>> wanted, StreamContext context)
{
    private readonly List<Running> _running = [];

    // Their streams are on others too, or will be.
    private readonly List<Running> _leaving = [];
    private readonly List<Task> _ending = [];

    // Something may be there to do; one of several is enough.
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Captures until canceled; then every connection is closed.</summary>
    /// <exception cref="ExchangeException">The exchange refused every connection for good.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            while (true)
            {
                var (symbols, superseded) = wanted.Read();
                Arrange(symbols, ending.Token);
                if (_running.Count > 0 && _running.TrueForAll(shard => shard.IsRefused)) throw new ExchangeException(
                    "The exchange refused every connection for good; the log has the reasons.", isTransient: false);
                await WaitAsync(superseded, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped as asked.
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll([.. _ending, .. _leaving.Concat(_running).Select(shard => shard.Task)]);
            foreach (var shard in _leaving.Concat(_running)) shard.Stopping.Dispose();
        }
    }

    private async Task WaitAsync(Task superseded, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var signaled = _signal.Reader.ReadAsync(waiting.Token).AsTask();
        var first = await Task.WhenAny([superseded, signaled, .. _running.Where(shard => !shard.IsRefused).Select(shard => shard.Task)]);
        await waiting.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();

        // What a shard fails with ends the stream.
        if (first != signaled) await first;
    }

    private void Arrange(IReadOnlyList<Symbol> symbols, CancellationToken cancellationToken)
    {
        context.Symbols.Add(symbols);
        List<string> streams = [.. symbols.Select(StreamRequest.TradeStream).Distinct(StringComparer.Ordinal)];
        while (true)
        {
            CloseLeft();
            var live = _running.FindAll(shard => !shard.IsRefused);
            var refused = _running.Except(live).SelectMany(shard => shard.Shard.Streams);
            List<string> rest = [.. streams.Except(refused, StringComparer.Ordinal)];

            // What moves has arrived before anything moves again, unless something else is wanted.
            var has = live.SelectMany(shard => shard.Shard.Streams).ToHashSet(StringComparer.Ordinal);
            if (_leaving.Count > 0 && has.SetEquals(rest)) return;
            var plan = ShardPlan.Of([.. live.Select(shard => shard.Shard.Streams)], rest, context.Options.StreamsPerConnection);
            foreach (var (shard, set) in live.Zip(plan.Sets))
            {
                if (!shard.Shard.Streams.SetEquals(set)) shard.Shard.Streams = set;
            }

            _running.AddRange(plan.Added.Select(set => Start(set, cancellationToken)));
            if (plan.Merged is not { } merged) return;
            _leaving.Add(live[merged]);
            _running.Remove(live[merged]);
        }
    }

    /// <summary>Closes the connections whose streams the others have.</summary>
    private void CloseLeft()
    {
        foreach (var left in _leaving.ToList())
        {
            var isNeeded = !left.Task.IsCompleted && _running.Exists(shard => shard.Shard.Streams.Any(
                stream => left.Shard.Confirms(stream) && !shard.Shard.Confirms(stream)));
            if (isNeeded) continue;
            _leaving.Remove(left);
            _ending.RemoveAll(task => task.IsCompletedSuccessfully);
            _ending.Add(EndAsync(left));
        }
    }

    private static async Task EndAsync(Running shard)
    {
        await shard.Stopping.CancelAsync();
        await shard.Task;
        shard.Stopping.Dispose();
    }

    private Running Start(IReadOnlySet<string> streams, CancellationToken cancellationToken)
    {
        var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var shard = open(streams, context with { Confirmed = () => _signal.Writer.TryWrite(true) });
        var running = new Running(shard, stopping);
        running.Task = RunAsync(running);
        return running;
    }

    private async Task RunAsync(Running running)
    {
        // The shard is to be among the running ones first.
        await Task.Yield();
        try
        {
            await running.Shard.RunAsync(running.Stopping.Token);
        }
        catch (ExchangeException e) when (!e.IsTransient)
        {
            context.Metrics.FailedShards.Increment();
            running.IsRefused = true;
            context.Events.OnNext(new Disconnected(Timestamp.Now(context.Clock), e.Message, Timeout.InfiniteTimeSpan));
            _signal.Writer.TryWrite(true);
        }
    }

    private sealed class Running(StreamShard shard, CancellationTokenSource stopping)
    {
        public StreamShard Shard { get; } = shard;

        public CancellationTokenSource Stopping { get; } = stopping;

        public Task Task { get; set; } = Task.CompletedTask;

        /// <summary>The exchange refuses it for good.</summary>
        public bool IsRefused { get; set; }
    }
}
