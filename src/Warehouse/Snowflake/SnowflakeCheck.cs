using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Snowflake;

/// <summary>One line of a check.</summary>
/// <param name="Advice">What to do when it failed; else empty.</param>
public sealed record CheckResult(string Name, bool Passed, string Detail, string Advice = "");

/// <summary>
/// Looks whether the service can work as configured: key, reachability, sign-in, schema, privileges, channels. Writes nothing but an empty
/// channel, which it drops again.
/// </summary>
/// <param name="onStep">Receives the name of each step before it is tried.</param>
public sealed class SnowflakeCheck(
    KeyPairTokens keys, ISnowflakeSql sql, StreamingClient streaming, ObjectNames names, TimeProvider clock, Action<string>? onStep = null)
{
    // A warehouse that sleeps wakes up within it.
    private static readonly TimeSpan StepTimeout = TimeSpan.FromSeconds(30);

    private const string ProbeChannel = "TRADE_INGEST_CHECK";

    private const string Reaching = "Compare Snowflake:Account with the address in Snowsight, and see whether a firewall, proxy or network "
        + "policy lets this machine through.";

    private static readonly string[] Streamed = ["STOCK_TRADES_RAW", "FACT_TRADES"];

    /// <summary>All checks in order; those that need one that failed are left out.</summary>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(CancellationToken cancellationToken = default)
    {
        var results = new List<CheckResult>();
        var hasKey = await TryAsync(
            results, "key", $"ALTER USER {names.User} SET RSA_PUBLIC_KEY = '<the public key>';",
            _ => Task.FromResult(
                $"fingerprint {keys.Fingerprint}; to set it: ALTER USER {names.User} SET RSA_PUBLIC_KEY = '{keys.PublicKey}';"),
            cancellationToken);
        if (!hasKey) return results;

        var signedIn = await TryAsync(
            results, "sign-in",
            $"Compare DESC USER {names.User} with the fingerprint above; to set the key: ALTER USER {names.User} SET RSA_PUBLIC_KEY = "
                + $"'{keys.PublicKey}';",
            async stop =>
            {
                var row = (await sql.ExecuteAsync("SELECT CURRENT_ACCOUNT(), CURRENT_USER(), CURRENT_ROLE()", [], stop)).Rows[0];
                return $"account {row[0]}, user {row[1]}, role {row[2]}";
            },
            cancellationToken);
        if (!signedIn) return results;

        var migrated = await TryAsync(results, "schema", "trade-ingest migrate --target snowflake", async stop =>
        {
            var pending = await new SnowflakeMigrator(sql, names, clock).PendingAsync(stop);
            return pending.Count == 0
                ? $"{names.Database}.{names.Schema} is up to date"
                : throw new SnowflakeException(SnowflakeFault.ObjectMissing, "not applied: "
                    + $"{string.Join(", ", pending.Select(script => script.Name))}");
        }, cancellationToken);
        if (!migrated) return results;

        var objects = SqlScript.All(names).SelectMany(script => script.Objects);
        foreach (var (kind, name) in objects.Where(created => created.Kind != "PROCEDURE"))
        {
            await TryAsync(
                results, $"SELECT on {name}",
                $"GRANT SELECT ON {kind} {names.Database}.{names.Schema}.{name} TO ROLE {names.TransformerRole}; as {names.OwnerRole}",
                async stop =>
            {
                await sql.ExecuteAsync($"SELECT 1 FROM {SnowflakeIdentifier.Check(name, "Object")} LIMIT 1", [], stop);
                return "readable";
            }, cancellationToken);
        }

        foreach (var table in Streamed)
        {
            await TryAsync(
                results, $"streaming into {table}",
                $"GRANT INSERT, SELECT ON TABLE {names.Database}.{names.Schema}.{table} TO ROLE {names.LoaderRole}; directly, as "
                    + $"{names.OwnerRole}",
                async stop => await ProbeAsync(PipeAddress.OfTable(names.Database, names.Schema, table), stop), cancellationToken);
        }

        await TryAsync(
            results, "channels", "See the messages of the service, and SHOW CHANNELS", async stop => await ChannelsAsync(stop),
            cancellationToken);
        return results;
    }

    private async Task<string> ProbeAsync(PipeAddress pipe, CancellationToken cancellationToken)
    {
        var address = new ChannelAddress(pipe, ProbeChannel);
        await using (await streaming.OpenChannelAsync(address, null, cancellationToken))
        {
            // Opening needs what appending needs.
        }

        await streaming.DropChannelAsync(address, cancellationToken: cancellationToken);
        return "a channel can be opened and dropped";
    }

    private async Task<string> ChannelsAsync(CancellationToken cancellationToken)
    {
        var positions = await SnowflakeReads.PositionsAsync(sql, cancellationToken);
        if (positions.Count == 0) return "none yet";
        var partitions = positions.Select(position => position.Partition);
        var channels = partitions.Select(partition => ChannelName.Of(partition.Epoch, partition.Topic, partition.Partition)).ToList();
        var texts = new List<string>();
        foreach (var table in Streamed)
        {
            var statuses = await streaming.StatusAsync(
                PipeAddress.OfTable(names.Database, names.Schema, table), channels, cancellationToken);
            foreach (var status in statuses.Values)
            {
                if (!status.IsHealthy) throw new SnowflakeException(SnowflakeFault.Fenced, $"{status.Channel} of {table} is {status.Code}");
                texts.Add($"{table} {status.Channel}: committed {status.CommittedToken ?? "nothing"}, {status.RowErrors} row errors");
            }
        }

        return string.Join("; ", texts);
    }

    private async Task<bool> TryAsync(
        List<CheckResult> results, string name, string advice, Func<CancellationToken, Task<string>> check,
        CancellationToken cancellationToken)
    {
        onStep?.Invoke(name);
        using var limit = new CancellationTokenSource(StepTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            // A driver may not mind the token.
            results.Add(new CheckResult(name, true, await check(either.Token).WaitAsync(either.Token)));
            return true;
        }
        catch (Exception failure) when (failure is SnowflakeException or WarehouseException)
        {
            var isUnreachable = failure is SnowflakeException { Fault: SnowflakeFault.Unreachable };
            results.Add(new CheckResult(name, false, failure.Message, isUnreachable ? Reaching : advice));
            return false;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            results.Add(new CheckResult(name, false, $"no answer within {StepTimeout.TotalSeconds:0} s", Reaching));
            return false;
        }
    }
}
