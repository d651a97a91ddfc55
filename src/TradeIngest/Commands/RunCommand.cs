using System.CommandLine;
using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Hosting.Health;
using Crypto.TradeIngest.Hosting.Roles;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class RunCommand
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var ws = new Option<string?>("--ws") { Description = "Base of the exchange's streams. Default: wss://stream.binance.com:9443", HelpName = "URL" };
        var rest = new Option<string?>("--rest") { Description = "Base of the exchange's REST calls. Default: https://api.binance.com", HelpName = "URL" };
        var symbols = CommonOptions.Symbols("Tickers to capture, or ALL. Default: five large ones");
        var role = new Option<string[]>("--role")
        {
            Description = "What this process does: ingest, sink or reference. May be repeated. Default: all. Needs a Kafka log.",
            HelpName = "ROLE",
        };
        var reset = new Option<bool>("--reset")
        {
            Description = "A sink whose positions the Kafka topic no longer has goes on at the first record there is.",
        };
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "run",
            """
            Captures an exchange's trades until it is told to stop (SIGTERM or Ctrl+C), then drains and exits.

            Examples:
              trade-ingest run --symbols BTCUSDT,ETHUSDT
              trade-ingest run --ws ws://127.0.0.1:9443 --rest http://127.0.0.1:9443 --data ./simulated
              CRYPTO__Warehouse__Target=Snowflake CRYPTO__Snowflake__Account=myorg-account1 trade-ingest run
              CRYPTO__Log__Kind=Kafka CRYPTO__Kafka__BootstrapServers=broker:9092 trade-ingest run --role ingest --role reference
            """)
        {
            ws, rest, symbols, role, reset, data, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            ServiceConfiguration.Read(
                ("Data", parsed.GetValue(data)),
                ("Exchange:WebSocket", parsed.GetValue(ws)),
                ("Exchange:Rest", parsed.GetValue(rest)),
                ("Exchange:Symbols", parsed.GetValue(symbols))),
            RoleNames.Parse(parsed.GetValue(role) ?? []),
            parsed.GetValue(reset),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ServiceOptions options, Role roles, bool reset, bool json, CancellationToken cancellationToken)
    {
        try
        {
            return await StartAsync(options, roles, reset, json, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it started: nothing is left undone.
            return ExitCode.Ok;
        }
    }

    private static Task<int> StartAsync(ServiceOptions options, Role roles, bool reset, bool json, CancellationToken cancellationToken)
    {
        if (options.Log.Kind == LogKind.Kafka) return RunRolesAsync(options, roles, reset, json, cancellationToken);
        if (roles != Role.All)
        {
            throw new ConfigurationException("--role divides the work among processes, which needs a log they share: set CRYPTO__Log__Kind=Kafka.");
        }

        return reset
            ? throw new ConfigurationException("--reset is for a Kafka log. With the log in the data folder use another folder with --data.")
            : RunAllAsync(options, json, cancellationToken);
    }

    private static async Task<int> RunAllAsync(ServiceOptions options, bool json, CancellationToken cancellationToken)
    {
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Information);
        var logger = loggers.CreateLogger("trade-ingest");
        var folder = new DataFolder(options.Data);
        await using var stores = await Stores.OpenAsync(folder, options, TimeProvider.System, loggers, cancellationToken);
        await using var service = await CaptureService.StartAsync(stores, folder, options, TimeProvider.System, new Random(), loggers, cancellationToken);
        await using var health = await HealthEndpoint.StartAsync(options.Health, service.Parts, TimeProvider.System, cancellationToken);
        if (!json) Output.People().MarkupLineInterpolated($"capturing [green]{service.Symbols.Count}[/] symbols into {folder.Shown}; Ctrl+C stops");

        var rates = new CaptureRates(service, TimeProvider.System);
        using var timer = new PeriodicTimer(ReportInterval, TimeProvider.System);
        try
        {
            while (true)
            {
                var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(tick, service.Failure) == service.Failure) throw await service.Failure;
                await tick;
                Report(rates.Read(), json);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.LogInformation("Stopping: draining for up to {Timeout}.", options.DrainTimeout);
        }

        if (!await service.StopAsync()) logger.LogWarning("The drain ran out of time; what is missing is fetched at the next start.");
        Report(rates.Read(), json);
        return ExitCode.Ok;
    }

    private static async Task<int> RunRolesAsync(ServiceOptions options, Role roles, bool reset, bool json, CancellationToken cancellationToken)
    {
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Information);
        var logger = loggers.CreateLogger("trade-ingest");
        await using var service = await RoleService.StartAsync(roles, options, reset, TimeProvider.System, new Random(), loggers, cancellationToken);
        await using var health = await HealthEndpoint.StartAsync(options.Health, service.Parts, TimeProvider.System, cancellationToken);
        var brokers = Secrets.Mask(options.Kafka.BootstrapServers!);
        if (!json) Output.People().MarkupLineInterpolated($"running [green]{roles}[/] over Kafka at {brokers}; Ctrl+C stops");

        using var timer = new PeriodicTimer(ReportInterval, TimeProvider.System);
        try
        {
            while (true)
            {
                var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
                if (await Task.WhenAny(tick, service.Failure) == service.Failure) throw await service.Failure;
                await tick;
                Report(RoleReport.Of(service, TimeProvider.System), json);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            logger.LogInformation("Stopping: draining for up to {Timeout}.", options.DrainTimeout);
        }

        if (!await service.StopAsync()) logger.LogWarning("The drain ran out of time; what is missing is fetched at the next start.");
        Report(RoleReport.Of(service, TimeProvider.System), json);
        return ExitCode.Ok;
    }

    private static void Report<T>(T report, bool json)
        where T : notnull
    {
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(report, MachineJson.Line));
        else Console.Out.WriteLine(report.ToString());
    }
}
