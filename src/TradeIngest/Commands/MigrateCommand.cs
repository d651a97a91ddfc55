using System.CommandLine;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.TradeIngest.Commands;

internal static class MigrateCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--target") { Description = "The warehouse to migrate; the embedded one migrates itself when it is opened.", HelpName = "snowflake", Required = true };
        target.AcceptOnlyFromAmong("snowflake");
        var dryRun = new Option<bool>("--dry-run") { Description = "Print the statements that would run, and run none." };
        var bootstrap = new Option<bool>("--print-bootstrap") { Description = "Print the part an administrator runs once: roles, user, warehouse, grants. Connects to nothing." };
        var drop = new Option<string?>("--drop-channel") { Description = "Drop a streaming channel of both tables, with its token. Its rows stay.", HelpName = "NAME" };
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
            target, dryRun, bootstrap, drop,
        };
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(dryRun), parsed.GetValue(bootstrap), parsed.GetValue(drop), stop));
        return command;
    }

    private static async Task<int> RunAsync(bool dryRun, bool printBootstrap, string? dropChannel, CancellationToken stop)
    {
        var options = Configuration.Read().Snowflake;
        var faults = options.Validate().Where(fault => !printBootstrap || !fault.Contains("Account", StringComparison.Ordinal)).ToList();
        if (faults.Count > 0) throw ConfigurationException.Of(faults);
        if (printBootstrap)
        {
            await Console.Out.WriteLineAsync(SqlScript.Bootstrap(options.Names with { PublicKey = PublicKeyOf(options) }));
            return ExitCode.Ok;
        }

        using var keys = options.NewKeys(TimeProvider.System);
        if (dropChannel is not null) return await DropAsync(options, keys, dropChannel, stop);
        await using var sql = options.NewSql(keys, options.OwnerRole, TimeProvider.System);
        var migrator = new SnowflakeMigrator(sql, options.Names, TimeProvider.System);
        if (dryRun)
        {
            foreach (var script in await migrator.PendingAsync(stop)) await Console.Out.WriteLineAsync($"-- {script.Name}\n{script.Text}");
            return ExitCode.Ok;
        }

        var applied = await migrator.MigrateAsync(stop);
        await Console.Out.WriteLineAsync(applied.Count == 0 ? "The schema is up to date." : $"Applied {string.Join(", ", applied)}.");
        return ExitCode.Ok;
    }

    // Without an account or a key the text still helps; the placeholder says what is missing.
    private static string PublicKeyOf(SnowflakeOptions options)
    {
        try
        {
            using var keys = (options with { Account = options.Account.Length > 0 ? options.Account : "unknown" }).NewKeys(TimeProvider.System);
            return keys.PublicKey;
        }
        catch (Warehouse.Snowflake.SnowflakeException)
        {
            return new ObjectNames().PublicKey;
        }
    }

    private static async Task<int> DropAsync(SnowflakeOptions options, Warehouse.Snowflake.Keys.KeyPairTokens keys, string channel, CancellationToken stop)
    {
        await using var streaming = options.NewStreaming(keys, TimeProvider.System);
        foreach (var table in new[] { "STOCK_TRADES_RAW", "FACT_TRADES" })
        {
            await streaming.DropChannelAsync(new ChannelAddress(PipeAddress.OfTable(options.Database, options.Schema, table), channel), cancellationToken: stop);
        }

        await Console.Out.WriteLineAsync($"Dropped {channel}. To load its partition again, delete its row of LOG_POSITIONS.");
        return ExitCode.Ok;
    }
}
