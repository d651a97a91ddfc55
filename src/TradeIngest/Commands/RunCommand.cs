using System.CommandLine;
using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

internal static class RunCommand
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var ws = new Option<string?>("--ws")
        {
            Description = "Base of the exchange's streams. Default: wss://stream.binance.com:9443",
            HelpName = "URL",
        };
        var rest = new Option<string?>("--rest")
        {
            Description = "Base of the exchange's REST calls. Default: https://api.binance.com",
            HelpName = "URL",
        };
        var symbols = CommonOptions.Symbols("Tickers to capture, patterns such as *USDT, or ALL. Default: five large ones");
        var exclude = new Option<string?>("--exclude")
        {
            Description = "Tickers and patterns not to capture although --symbols selects them.",
            HelpName = "A,B",
        };
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
            Captures an exchange's trades until it is stopped (SIGTERM or Ctrl+C), then drains and exits.

            Examples:
              trade-ingest run --symbols BTCUSDT,ETHUSDT
              trade-ingest run --symbols '*USDT,BTCEUR' --exclude '*UPUSDT,*DOWNUSDT'
              trade-ingest run --ws ws://127.0.0.1:9443 --rest http://127.0.0.1:9443 --data ./simulated
              CRYPTO__Warehouse__Target=Snowflake CRYPTO__Snowflake__Account=myorg-account1 trade-ingest run
              CRYPTO__Log__Kind=Kafka CRYPTO__Kafka__BootstrapServers=broker:9092 trade-ingest run --role ingest --role reference
            """)
        {
            ws, rest, symbols, exclude, role, reset, data, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            () => ServiceConfiguration.Read(
                ("Data", parsed.GetValue(data)),
                ("Exchange:WebSocket", parsed.GetValue(ws)),
                ("Exchange:Rest", parsed.GetValue(rest)),
                ("Exchange:Symbols", parsed.GetValue(symbols)),
                ("Exchange:Exclude", parsed.GetValue(exclude))),
            RoleNames.Parse(parsed.GetValue(role) ?? []),
            parsed.GetValue(reset),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Func<ServiceOptions> read, Role roles, bool reset, bool json, CancellationToken cancellationToken)
    {
        var options = read();
        Check(options, roles, reset);
        using var loggers = ServiceConfiguration.Loggers(LogLevel.Information);
        try
        {
            var folder = new DataFolder(options.Data);
            await using var stores = await Stores.OpenAsync(folder, options, TimeProvider.System, loggers, cancellationToken, roles);
            await using var service = TradeIngestHost.Build(stores, options, roles, reset, TimeProvider.System, loggers, read);
            await service.StartAsync(cancellationToken);
            if (!json) Output.People().MarkupLineInterpolated($"running [green]{Describe(options, roles, folder)}[/]; Ctrl+C stops");
            await ReportUntilStoppedAsync(service, options, json, loggers.CreateLogger("trade-ingest"), cancellationToken);
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while it started: nothing is left undone.
            return ExitCode.Ok;
        }
    }

    private static void Check(ServiceOptions options, Role roles, bool reset)
    {
        if (options.Log.Kind == LogKind.Kafka) return;
        if (roles != Role.All)
        {
            throw new ConfigurationException(
                "--role divides the work among processes, which needs a log they share: set CRYPTO__Log__Kind=Kafka.");
        }

        if (reset) throw new ConfigurationException(
            "--reset is for a Kafka log. With the log in the data folder use another folder with --data.");
    }

    private static string Describe(ServiceOptions options, Role roles, DataFolder folder) => options.Log.Kind == LogKind.Kafka
        ? $"{roles} over Kafka at {Secrets.Mask(options.Kafka.BootstrapServers!)}"
        : $"all roles in {folder.Shown}";

    private static async Task ReportUntilStoppedAsync(
        TradeIngestHost service, ServiceOptions options, bool json, ILogger logger, CancellationToken cancellationToken)
    {
        var reporter = new RunReporter(service, TimeProvider.System);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, service.Stopping);
        using var timer = new PeriodicTimer(ReportInterval, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token)) Report(reporter.Read(), json);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            logger.Draining(options.DrainTimeout);
        }

        var isDrained = await service.StopAsync();
        if (!isDrained) logger.DrainTimedOut();
        var balance = service.Balance();
        Report(reporter.Read() with { Drain = balance }, json);
        service.ThrowIfFailed();
        if (isDrained && !balance.Balances) logger.DrainDoesNotBalance(balance);
    }

    private static void Report<T>(T report, bool json)
        where T : notnull
    {
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(report, MachineJson.Line));
        else Console.Out.WriteLine(report.ToString());
    }
}
