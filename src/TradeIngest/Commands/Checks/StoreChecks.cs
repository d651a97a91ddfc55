using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Kafka;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Snowflake;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crypto.TradeIngest.Commands.Checks;

/// <summary>Whether Kafka and Snowflake can be reached and used as configured.</summary>
internal static class StoreChecks
{
    public static async Task<IReadOnlyList<Check>> KafkaAsync(ServiceOptions options, CancellationToken cancellationToken)
    {
        const string Advice = "Check CRYPTO__Kafka__BootstrapServers, the settings under Kafka:Settings, the network and the brokers.";
        try
        {
            var faults = await KafkaTradeLog.CompareAsync(
                options.Kafka, TopicPlan.All(
                    options.Kafka, options.Log.Partitions), TimeProvider.System, NullLogger.Instance, cancellationToken);
            var answer = Check.Pass(
                CheckTier.Environment, "Kafka brokers", $"{options.Kafka.BootstrapServers} answers librdkafka {KafkaNative.Version}");
            return faults.Count == 0
                ? [answer, Check.Pass(CheckTier.Topology, "Kafka topics", "those there are fit")]
                : [answer, .. faults.Select(fault => Check.Fail(CheckTier.Topology, "Kafka topics", fault, "Alter or create it as said "
                    + "there."))];
        }
        catch (Exception failure) when (failure is StorageException or LogException or ConfigurationException)
        {
            return [Check.Fail(CheckTier.Environment, "Kafka brokers", failure.Message, Advice)];
        }
    }

    public static async Task<IReadOnlyList<Check>> SnowflakeAsync(
        SnowflakeOptions options, Action<string> onStep, CancellationToken cancellationToken)
    {
        try
        {
            using var keys = options.NewKeys(TimeProvider.System);
            await using var sql = options.NewSql(keys, options.TransformerRole, TimeProvider.System, BackoffOptions.Attended);
            await using var streaming = options.NewStreaming(keys, TimeProvider.System, backoff: BackoffOptions.Attended);
            var results = await new SnowflakeCheck(
                keys, sql, streaming, options.Names, TimeProvider.System, onStep).RunAsync(cancellationToken);
            return
            [
                .. results.Select(result =>
                    new Check(CheckTier.Environment, $"Snowflake {result.Name}", result.Passed, result.Detail, result.Advice)),
            ];
        }
        catch (SnowflakeException failure)
        {
            return [Check.Fail(CheckTier.Environment, "Snowflake", failure.Message, "Compare the options of section Snowflake: "
                + "trade-ingest config show.")];
        }
    }
}
