using System.Diagnostics.Metrics;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>Every figure of this process, in the order of the path. docs/operations.md has the same list, which a test holds.</summary>
/// <param name="meter">Kept alive, and ended, by whoever made it.</param>
internal sealed class TradeIngestMetrics(Meter meter)
{
    public const string MeterName = "Crypto.TradeIngest";

    /// <summary>For a job or a test without a host: its meter lives as long as the process.</summary>
    public TradeIngestMetrics()
        : this(new Meter(MeterName))
    {
    }

    public StreamMetrics Stream { get; } = new(meter);
    public ContinuityMetrics Continuity { get; } = new(meter);
    public QualityMetrics Quality { get; } = new(meter);
    public BackfillMetrics Backfill { get; } = new(meter);
    public ChannelMetrics Channel { get; } = new(meter);
    public LogMetrics Log { get; } = new(meter);
    public ConsumerTotals Consumer { get; } = new(meter);
    public SinkMetrics Sink { get; } = new(meter);
    public ReferenceMetrics Reference { get; } = new(meter);
    public StageTimes Stages { get; } = new(meter);
}

/// <summary>
/// The stream client, over all its connections. Frames = trades + other events + control messages + dead letters, once trades are handed
/// over.
/// </summary>
internal sealed class StreamMetrics(Meter meter)
{
    public Total Frames { get; } = new(meter, "trade_ingest.stream.frames", "{frame}", "Messages received.");
    public Total Bytes { get; } = new(meter, "trade_ingest.stream.io", "By", "Payload of the messages received.");
    public Total Trades { get; } = new(meter, "trade_ingest.stream.trades", "{trade}", "Frames that are trades.");
    public Total Batches { get; } = new(meter, "trade_ingest.stream.batches", "{batch}", "Batches of trades handed over.");
    public TotalsByTag DeadLetters { get; } =
        new(meter, "trade_ingest.stream.dead_letters", "reason", "{frame}", "Frames that cannot be understood, by reason.");
    public Total OtherEvents { get; } = new(meter, "trade_ingest.stream.other_events", "{frame}", "Well-formed events that are no trades.");
    public Total ControlMessages { get; } =
        new(meter, "trade_ingest.stream.control_messages", "{frame}", "Answers to requests, and announcements of a close.");
    public Total Connects { get; } =
        new(meter, "trade_ingest.stream.connects", "{connection}", "Connections that reached confirmed subscriptions.");
    public Total Disconnects { get; } =
        new(meter, "trade_ingest.stream.disconnects", "{connection}", "Connections and attempts that ended unasked for.");
    public Total Rotations { get; } =
        new(meter, "trade_ingest.stream.rotations", "{connection}", "Planned replacements of a connection by a newer one.");
    public Total SubscriptionFaults { get; } =
        new(meter, "trade_ingest.stream.subscription_faults", "{fault}", "Subscriptions the exchange refused or did not confirm.");
    public Total FailedShards { get; } =
        new(meter, "trade_ingest.stream.failed_shards", "{shard}", "Shards that gave up for good: any needs an operator.");
    public Level Connections { get; } =
        new(meter, "trade_ingest.stream.connections", "{connection}", "Connections with confirmed subscriptions now.");
}

internal sealed class ContinuityMetrics(Meter meter)
{
    public Total Duplicates { get; } =
        new(meter, "trade_ingest.continuity.duplicates", "{trade}", "Trades dropped because their id had passed before.");
    public Total Gaps { get; } = new(meter, "trade_ingest.continuity.gaps", "{gap}", "Gaps noticed, whether filled since or not.");
    public Total Released { get; } =
        new(meter, "trade_ingest.continuity.released", "{trade}", "Trades taken out again, to be fetched: shed, or rejected.");
    public Total Implausible { get; } =
        new(meter, "trade_ingest.continuity.implausible", "{trade}", "Trades made dead letters for an id far from the others.");
    public Observed Missing { get; } =
        Observed.UpDown(meter, "trade_ingest.continuity.missing", "{trade}", "Trades in open gaps now.");
}

internal sealed class QualityMetrics(Meter meter)
{
    public Total Valid { get; } = new(meter, "trade_ingest.quality.valid", "{trade}", "Trades that break no rule.");
    public TotalsByTag Invalid { get; } =
        new(meter, "trade_ingest.quality.invalid", "reason", "{trade}", "Trades that break a rule, by reason.");
}

internal sealed class BackfillMetrics(Meter meter)
{
    public Total Fetched { get; } =
        new(meter, "trade_ingest.backfill.fetched", "{trade}", "Trades fetched and published; some may have come by the stream too.");
    public Total Archived { get; } =
        new(meter, "trade_ingest.backfill.archived", "{trade}", "Trades read from archives on request, stored before or not.");
    public Total Requests { get; } = new(meter, "trade_ingest.backfill.requests", "{request}", "Requests for trades.");
    public Total Failures { get; } = new(meter, "trade_ingest.backfill.failures", "{request}", "Requests for trades that failed.");
    public Total HoleIds { get; } = new(meter, "trade_ingest.backfill.holes", "{trade}", "Ids that the exchange does not have.");
    public Total OutOfReachIds { get; } =
        new(meter, "trade_ingest.backfill.out_of_reach", "{trade}", "Ids that are not fetched before the next start.");
    public Total Deferred { get; } =
        new(meter, "trade_ingest.backfill.deferred", "{range}", "Ranges of ids that found the queue full and wait in the tracker.");
    public Observed Pending { get; } = Observed.UpDown(meter, "trade_ingest.backfill.pending", "{range}", "Ranges of ids queued now.");
}

/// <summary>The hand-off between streams and log.</summary>
internal sealed class ChannelMetrics(Meter meter)
{
    public Total Batches { get; } = new(meter, "trade_ingest.channel.batches", "{batch}", "Batches that passed the hand-off.");
    public Total Trades { get; } = new(meter, "trade_ingest.channel.trades", "{trade}", "Trades that passed the hand-off.");
    public Total ShedBatches { get; } =
        new(meter, "trade_ingest.channel.shed_batches", "{batch}", "Batches dropped because the hand-off was full.");
    public Total ShedTrades { get; } =
        new(meter, "trade_ingest.channel.shed_trades", "{trade}", "Trades in dropped batches, to be fetched again.");
    public Total DeadLetters { get; } =
        new(meter, "trade_ingest.channel.dead_letters", "{letter}", "Dead letters that passed, by themselves or in a summary.");
    public Total LostEvents { get; } =
        new(meter, "trade_ingest.channel.lost_events", "{event}", "Events other than trades and dead letters that were dropped.");
    public Observed Depth { get; } = Observed.UpDown(meter, "trade_ingest.channel.depth", "{batch}", "Batches that wait now.");
    public Observed Overload { get; } =
        Observed.UpDown(meter, "trade_ingest.channel.overload", "{state}", "How full the hand-off is now: 0 OK, 1 LOW, 2 HIGH.");
    public Observed Size { get; } = Observed.UpDown(meter, "trade_ingest.channel.size", "By", "Memory of all events that wait now.");
    public Observed HeldLetters { get; } =
        Observed.UpDown(meter, "trade_ingest.channel.held_dead_letters", "{letter}", "Dead letters that wait now to be summarized.");
}

/// <summary>What this process appends to the log.</summary>
internal sealed class LogMetrics(Meter meter)
{
    public Total Records { get; } =
        new(meter, "trade_ingest.log.records", "{record}", "Records appended to the topics of trades and dead letters.");
    public Total Trades { get; } = new(meter, "trade_ingest.log.trades", "{trade}", "Trades appended.");
    public Total Verdicts { get; } =
        new(meter, "trade_ingest.log.verdicts", "{record}", "Records appended that say what became of missing trades.");
    public Total DeadLetters { get; } =
        new(meter, "trade_ingest.log.dead_letters", "{letter}", "Dead letters appended, each as a record of its own.");
    public Total Summarized { get; } =
        new(meter, "trade_ingest.log.summarized_dead_letters", "{letter}", "Dead letters appended as part of a summary.");
    public Total Checkpoints { get; } =
        new(meter, "trade_ingest.log.checkpoints", "{checkpoint}", "Times that what is captured was written beside the log.");
    public Observed Stalls { get; } =
        Observed.Counter(meter, "trade_ingest.log.stalls", "{append}", "Appends that waited because so much was in flight.");
    public Observed Retries { get; } =
        Observed.Counter(meter, "trade_ingest.log.retries", "{append}", "Appends done again after a refusal that passes.");
    public Observed InFlight { get; } =
        Observed.UpDown(meter, "trade_ingest.log.in_flight", "By", "Bytes handed over to the log and not yet acknowledged.");
}

/// <summary>What this process reads of the log, by topic.</summary>
internal sealed class ConsumerTotals(Meter meter)
{
    public TotalsByTag Polls { get; } =
        new(meter, "trade_ingest.consumer.polls", "topic", "{poll}", "Rises while records are asked for and handled, by topic.");
    public TotalsByTag Abandoned { get; } =
        new(meter, "trade_ingest.consumer.abandoned", "topic", "{record}", "Records given up with their partition, by topic.");
    public TotalsByTag Rebalances { get; } =
        new(meter, "trade_ingest.consumer.rebalances", "topic", "{rebalance}", "Times that partitions were assigned or revoked, by topic.");
    public Observed Partitions { get; } =
        Observed.UpDown(meter, "trade_ingest.consumer.partitions", "{partition}", "Partitions held now, by topic.");
}

internal sealed class SinkMetrics(Meter meter)
{
    public Total Batches { get; } = new(meter, "trade_ingest.sink.batches", "{batch}", "Loads committed.");
    public Total Stored { get; } = new(meter, "trade_ingest.sink.stored", "{trade}", "Trades stored as facts.");
    public Total Duplicates { get; } = new(meter, "trade_ingest.sink.duplicates", "{trade}", "Trades that were stored already.");
    public Total Verdicts { get; } =
        new(meter, "trade_ingest.sink.verdicts", "{record}", "Records stored that say what became of missing trades.");
    public Total Rejected { get; } =
        new(meter, "trade_ingest.sink.rejected", "{record}", "Records stored as rejected, dead letters and summaries among them.");
    public LatencyHistogram Latency { get; } =
        new(meter, "trade_ingest.sink.latency", "From a live trade's event time at the exchange to its commit in the warehouse.");
    public Total SymbolPolls { get; } =
        new(meter, "trade_ingest.sink.symbol_polls", "{poll}", "Times that symbol_changes was read to its end and applied.");
    public Total UnreadableChanges { get; } =
        new(meter, "trade_ingest.sink.unreadable_changes", "{record}", "Records of symbol_changes of no version known here.");
}

internal sealed class ReferenceMetrics(Meter meter)
{
    public Total Polls { get; } = new(meter, "trade_ingest.reference.polls", "{poll}", "Times that symbol_changes was read to its end.");
    public Total UnreadableChanges { get; } =
        new(meter, "trade_ingest.reference.unreadable_changes", "{record}", "Records of symbol_changes of no version known here.");
    public Total ChangeEvents { get; } =
        new(meter, "trade_ingest.reference.change_events", "{event}", "Change events of a topic that were applied, tombstones too.");
    public Total MalformedEvents { get; } =
        new(meter, "trade_ingest.reference.malformed_events", "{event}", "Records of the topic of change events that are none.");
}

/// <summary>Time at work, waits for the disk included.</summary>
internal sealed class StageTimes
{
    public StageTimes(Meter meter)
    {
        var seconds = meter.CreateCounter<double>("trade_ingest.stage.time", "s", "Time a stage was at work, by stage.");
        LogEncode = new(seconds, "log_encode");
        LogAppend = new(seconds, "log_append");
        SinkDecode = new(seconds, "sink_decode");
        WarehouseLoad = new(seconds, "warehouse_load");
    }

    /// <summary>Writing trades as JSON.</summary>
    public StageTime LogEncode { get; }

    /// <summary>Durable appends.</summary>
    public StageTime LogAppend { get; }

    /// <summary>Reading records into trades.</summary>
    public StageTime SinkDecode { get; }

    /// <summary>The warehouse's transactions.</summary>
    public StageTime WarehouseLoad { get; }
}
