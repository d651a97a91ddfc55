using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.TradeIngest.Commands;

internal static class MigrateCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--target")
        {
            Description = "The warehouse to migrate; the embedded one migrates itself when it is opened.",
            HelpName = "snowflake",
            Required = true,
        };
        target.AcceptOnlyFromAmong("snowflake");
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the statements that would run, and run none." };
        var bootstrap = new Option<bool>("--print-bootstrap")
        {
            Description = "Print the part an administrator runs once: roles, user, warehouse, grants. Connects to nothing.",
        };
        var drop = new Option<string?>("--drop-channel")
        {
            Description = "Drop a streaming channel of both tables, with its token. Its rows stay.",
            HelpName = "NAME",
        };
        var reload = new Option<bool>("--reload")
        {
            Description = "Empty what was loaded from the log and drop its channels, so that the log is read again from its first record; "
                + "older rows are gone. The dimension stays. Stop all sinks first.",
        };
        var json = CommonOptions.Json();
        var command = new Command(
            "migrate",
            """
            Brings the schema of the Snowflake warehouse up to date. Repeating it changes nothing.

            Examples:
              trade-ingest migrate --target snowflake --print-bootstrap > bootstrap.sql
              trade-ingest migrate --target snowflake --dry-run
              trade-ingest migrate --target snowflake
            """)
        {
            target, dryRun, bootstrap, drop, reload, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(dryRun), parsed.GetValue(bootstrap), parsed.GetValue(drop), parsed.GetValue(reload), parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        bool dryRun, bool printBootstrap, string? dropChannel, bool reload, bool json, CancellationToken cancellationToken)
    {
        // An administrator needs the text before there is an account to name.
        var target = printBootstrap ? WarehouseTarget.Embedded : WarehouseTarget.Snowflake;
        var options = ServiceConfiguration.Read(("Warehouse:Target", target.ToString())).Snowflake;
        if (printBootstrap)
        {
            var faults = options.Faults()
                .Where(fault => fault.Key != nameof(SnowflakeOptions.Account))
                .Select(fault => $"Snowflake:{fault}")
                .ToList();
            if (faults.Count > 0) throw ConfigurationException.Of(faults);
            var script = SqlScript.Bootstrap(options.Names with { PublicKey = PublicKeyOf(options) });
            Write(json, new { bootstrap = script }, script);
            return ExitCode.Ok;
        }

        using var keys = options.NewKeys(TimeProvider.System);
        if (dropChannel is not null) return await DropAsync(options, keys, dropChannel, json, cancellationToken);
        await using var sql = options.NewSql(keys, options.OwnerRole, TimeProvider.System);
        if (reload) return await ReloadAsync(options, keys, sql, json, cancellationToken);
        var migrator = new SnowflakeMigrator(sql, options.Names, TimeProvider.System);
        if (dryRun)
        {
            var pending = (await migrator.PendingAsync(cancellationToken)).Select(script => new { script.Name, script.Text }).ToList();
            Write(json, new { pending }, string.Join('\n', pending.Select(script => $"-- {script.Name}\n{script.Text}")));
            return ExitCode.Ok;
        }

        var applied = await migrator.MigrateAsync(cancellationToken);
        Write(json, new { applied }, applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
        return ExitCode.Ok;
    }

    private static void Write<T>(bool json, T value, string text)
    {
        if (json) Output.Json(value);
        else if (text.Length > 0) Console.Out.WriteLine(text);
    }

    // Without an account or a key the text still helps; the placeholder says what is missing.
    private static string PublicKeyOf(SnowflakeOptions options)
    {
        try
        {
            var named = options.Account.Length > 0 ? options : options with { Account = "unknown" };
            using var keys = named.NewKeys(TimeProvider.System);
            return keys.PublicKey;
        }
        catch (Warehouse.Snowflake.SnowflakeException)
        {
            return new ObjectNames().PublicKey;
        }
    }

    private static async Task<int> DropAsync(
        SnowflakeOptions options, KeyPairTokens keys, string channel, bool json, CancellationToken cancellationToken)
    {
        await using var streaming = options.NewStreaming(keys, TimeProvider.System);
        foreach (var table in new[] { "STOCK_TRADES_RAW", "FACT_TRADES" })
        {
            await streaming.DropChannelAsync(
                new ChannelAddress(PipeAddress.OfTable(options.Database, options.Schema, table), channel),
                cancellationToken: cancellationToken);
        }

        Write(json, new { dropped = channel }, $"Dropped {channel}. The next start goes on after the last row the tables have of it.");
        return ExitCode.Ok;
    }

    private static async Task<int> ReloadAsync(
        SnowflakeOptions options, KeyPairTokens keys, ISnowflakeSql sql, bool json, CancellationToken cancellationToken)
    {
        await using var streaming = options.NewStreaming(keys, TimeProvider.System);
        var channels = await new Warehouse.Snowflake.SnowflakeReload(sql, streaming, options.Names).RunAsync(cancellationToken);
        var text = $"Emptied what {channels.Count} partitions had loaded. The next start reads the log from its first record.";
        Write(json, new { emptied = channels }, text);
        return ExitCode.Ok;
    }
}
