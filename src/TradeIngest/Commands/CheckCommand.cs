using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.Warehouse.Snowflake;

namespace Crypto.TradeIngest.Commands;

internal static class CheckCommand
{
    public static Command Create()
    {
        var target = new Option<string>("--target") { Description = "What to check.", HelpName = "snowflake", Required = true };
        target.AcceptOnlyFromAmong("snowflake");
        var json = CommonOptions.Json();
        var command = new Command(
            "check",
            """
            Looks whether Snowflake can be used as configured: key and fingerprint, sign-in, schema, privileges, channels. Each failure says what to do.

            Examples:
              trade-ingest check --target snowflake
              trade-ingest check --target snowflake --json
            """)
        {
            target, json,
        };
        command.SetAction((parsed, stop) => CommandLine.LeavingAsync(token => RunAsync(parsed.GetValue(json), token), stop));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken stop)
    {
        var options = ServiceConfiguration.Read().Snowflake;
        var faults = options.Validate().ToList();
        if (faults.Count > 0) throw ConfigurationException.Of(faults);
        using var keys = options.NewKeys(TimeProvider.System);
        await using var sql = options.NewSql(keys, options.TransformerRole, TimeProvider.System, RetryBackoff.Attended);
        await using var streaming = options.NewStreaming(keys, TimeProvider.System, backoff: RetryBackoff.Attended);
        var check = new SnowflakeCheck(
            keys, sql, streaming, options.Names, TimeProvider.System, step => Console.Error.WriteLine($"checking {step}"));
        var results = (await check.RunAsync(stop)).Select(result => result with { Detail = Secrets.Mask(result.Detail) }).ToList();
        if (json) Output.Json(new { passed = results.All(result => result.Passed), checks = results });
        else Write(results);
        return results.All(result => result.Passed) ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static void Write(IReadOnlyList<CheckResult> results)
    {
        foreach (var result in results)
        {
            Console.Out.WriteLine($"{(result.Passed ? "ok  " : "FAIL")}  {result.Name}: {result.Detail}");
            if (!result.Passed) Console.Out.WriteLine($"      do: {result.Advice}");
        }
    }
}
