using System.ComponentModel;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log.Kafka;

namespace Crypto.TradeIngest.Hosting;

/// <summary>What the operator chose: <c>appsettings.json</c>, then the environment, then options of the command line.</summary>
internal sealed record ServiceOptions : IOptionRules
{
    [Description("The data folder; --data.")]
    public string Data { get; init; } = "./data";

    [Description("Time for the whole drain at a stop; what is not in the log by then is fetched at the next start.")]
    [Within("1ms", "1d")]
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    public ExchangeOptions Exchange { get; init; } = new();

    /// <summary>Of the command of that name.</summary>
    public BackfillOptions Backfill { get; init; } = new();

    public ReferenceOptions Reference { get; init; } = new();

    public LogOptions Log { get; init; } = new();

    /// <summary>How to reach Kafka; read when <c>Log:Kind</c> is Kafka.</summary>
    public KafkaOptions Kafka { get; init; } = new();

    public WarehouseOptions Warehouse { get; init; } = new();

    /// <summary>How to reach Snowflake; read when <c>Warehouse:Target</c> is Snowflake.</summary>
    public SnowflakeOptions Snowflake { get; init; } = new();

    public HealthOptions Health { get; init; } = new();

    public IEnumerable<OptionFault> Faults()
    {
        if (string.IsNullOrWhiteSpace(Data)) yield return new(nameof(Data), "the folder is empty; set --data");
        if (Log.Kind == LogKind.Kafka)
        {
            foreach (var fault in Kafka.Faults()) yield return fault.Under(nameof(Kafka));
        }
        else if (Reference.ChangeEventsTopic is not null)
        {
            yield return new("Reference:ChangeEventsTopic", "needs CRYPTO__Log__Kind=Kafka");
        }

        if (Warehouse.Target == WarehouseTarget.Snowflake)
        {
            foreach (var fault in Snowflake.Faults()) yield return fault.Under(nameof(Snowflake));
        }
    }
}
