using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;
using Crypto.Warehouse;

namespace Crypto.TradeIngest.Commands.Checks;

/// <summary>Whether roles, log, target, options and port fit together.</summary>
internal static class TopologyChecks
{
    public static async Task<IReadOnlyList<Check>> RunAsync(
        ConfiguredOptions<ServiceOptions> configured, Role roles, DataFolder folder, CancellationToken cancellationToken)
    {
        var options = configured.Options;
        List<Check> checks = [RolesAndLog(options, roles), LogAndTarget(options, roles), UnusedOptions(configured)];
        if (options.Log.Kind == LogKind.Embedded) checks.Add(await PartitionsAsync(options.Log, folder, cancellationToken));
        checks.Add(await HealthPortAsync(options.Health, cancellationToken));
        return checks;
    }

    private static string Shown(Role roles) => roles == Role.All ? "all roles" : roles.ToString().ToLowerInvariant();

    private static Check RolesAndLog(ServiceOptions options, Role roles) => options.Log.Kind == LogKind.Embedded && roles != Role.All
        ? Check.Fail(
            CheckTier.Topology, "roles and log", $"{Shown(roles)} alone needs a log that processes share, and Log:Kind is Embedded",
            "Set CRYPTO__Log__Kind=Kafka, or leave --role out.")
        : Check.Pass(CheckTier.Topology, "roles and log", $"{Shown(roles)} over "
            + $"{(options.Log.Kind == LogKind.Kafka ? "Kafka" : "a file in the data folder")}");

    private static Check LogAndTarget(ServiceOptions options, Role roles)
    {
        var target = options.Warehouse.Target;
        var detail = !roles.HasFlag(Role.Sink) ? "this process loads no warehouse"
            : target == WarehouseTarget.Embedded ? "from the log into a file of the data folder; one process may write it"
            : "from the log into Snowflake";
        return Check.Pass(CheckTier.Topology, "log and target", detail);
    }

    // What is set and has no effect is most often a switch that was forgotten.
    private static Check UnusedOptions(ConfiguredOptions<ServiceOptions> configured)
    {
        var (log, target) = (configured.Options.Log.Kind, configured.Options.Warehouse.Target);
        (string Key, bool IsUsed, string Advice)[] conditions =
        [
            ("Kafka", log == LogKind.Kafka, "Set CRYPTO__Log__Kind=Kafka"),
            ("Snowflake", target == WarehouseTarget.Snowflake, "Set CRYPTO__Warehouse__Target=Snowflake"),
            ("Log:MaxBytes", log == LogKind.Embedded, "Kafka keeps records by CRYPTO__Kafka__Retention; set that"),
            ("Log:MaxAge", log == LogKind.Embedded, "Kafka keeps records by CRYPTO__Kafka__Retention; set that"),
            ("Log:TrimInterval", log == LogKind.Embedded, "Kafka trims by itself"),
            ("Log:PollInterval", log == LogKind.Embedded, "Kafka is not polled"),
        ];
        var unused =
            from condition in conditions
            where !condition.IsUsed
            let key = configured.Origins.Keys.FirstOrDefault(key => IsUnder(key, condition.Key))
            where key is not null
            select (key, condition.Advice);
        var all = unused.ToList();
        return all.Count == 0
            ? Check.Pass(CheckTier.Topology, "options in use", "every option that is set has an effect")
            : Check.Fail(
                CheckTier.Topology, "options in use",
                $"set without effect, since Log:Kind is {log} and Warehouse:Target is {target}: "
                    + $"{string.Join(", ", all.Select(option => option.key))}",
                $"{string.Join("; ", all.Select(option => option.Advice).Distinct(StringComparer.Ordinal))}; or leave them out.");
    }

    private static bool IsUnder(string key, string section) => key.StartsWith(section, StringComparison.OrdinalIgnoreCase)
        && (key.Length == section.Length || key[section.Length] == ':');

    private static async Task<Check> PartitionsAsync(LogOptions options, DataFolder folder, CancellationToken cancellationToken)
    {
        const string Name = "partitions of the log";
        try
        {
            await using var log = EmbeddedTradeLog.OpenForReading(folder.Log, TimeProvider.System, cancellationToken);
            return (options.Partitions ?? 1) == log.Partitions
                ? Check.Pass(CheckTier.Topology, Name, $"{log.Partitions}, as configured")
                : Check.Fail(
                    CheckTier.Topology, Name, $"the log has {log.Partitions}, configured are {options.Partitions ?? 1}",
                    $"Set CRYPTO__Log__Partitions={log.Partitions}, or choose another folder with --data.");
        }
        catch (StorageException missing) when (missing.Fault == StorageFault.Missing)
        {
            return Check.Pass(CheckTier.Topology, Name, $"there is no log yet; it gets {options.Partitions ?? 1}");
        }
        catch (Exception failure) when (failure is StorageException or LogException)
        {
            return Check.Fail(CheckTier.Topology, Name, failure.Message, "Make the file readable, or choose another folder with --data.");
        }
    }

    private static async Task<Check> HealthPortAsync(HealthOptions options, CancellationToken cancellationToken)
    {
        const string Name = "health port";
        if (options.Port == 0) return Check.Pass(CheckTier.Topology, Name, "no endpoint is configured");
        var place = new IPEndPoint(IPAddress.Parse(options.Address), options.Port);
        try
        {
            using var listener = new TcpListener(place);
            listener.Start();
            return Check.Pass(CheckTier.Topology, Name, $"{place} is free");
        }
        catch (SocketException failure)
        {
            if (failure.SocketErrorCode == SocketError.AddressAlreadyInUse && await IsOursAsync(options, cancellationToken))
            {
                return Check.Pass(CheckTier.Topology, Name, $"the running service answers at {place}");
            }

            return Check.Fail(
                CheckTier.Topology, Name, $"{place} cannot be listened on: {failure.Message}",
                "Choose another with CRYPTO__Health__Port and CRYPTO__Health__Address.");
        }
    }

    private static async Task<bool> IsOursAsync(HealthOptions options, CancellationToken cancellationToken)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5), MaxResponseContentBufferSize = 1 << 20 };
            using var response = await http.GetAsync(HealthCommand.AddressOf(options), cancellationToken);
            return JsonSerializer.Deserialize<HealthReport>(
                await response.Content.ReadAsStringAsync(cancellationToken), MachineJson.Line)?.Parts is not null;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException
            || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Something else listens there, not this service.
            return false;
        }
    }
}
