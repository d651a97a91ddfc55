using System.CommandLine;
using System.Text.Json;
using Crypto.TradeIngest.Hosting;
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
        var data = CommonOptions.Data();
        var json = CommonOptions.Json();
        var command = new Command(
            "run",
            """
            Captures an exchange's trades until it is told to stop (SIGTERM or Ctrl+C), then drains and exits.

            Examples:
              trade-ingest run --symbols BTCUSDT,ETHUSDT
              trade-ingest run --ws ws://127.0.0.1:9443 --rest http://127.0.0.1:9443 --data ./simulated
            """)
        {
            ws, rest, symbols, data, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            Configuration.Read(
                ("Data", parsed.GetValue(data)),
                ("Exchange:WebSocket", parsed.GetValue(ws)),
                ("Exchange:Rest", parsed.GetValue(rest)),
                ("Exchange:Symbols", parsed.GetValue(symbols))),
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(ServiceOptions options, bool json, CancellationToken cancellationToken)
    {
        using var loggers = Configuration.Loggers(LogLevel.Information);
        var logger = loggers.CreateLogger("trade-ingest");
        var folder = new DataFolder(options.Data);
        await using var stores = await Stores.OpenAsync(folder, options, TimeProvider.System);
        await using var service = await CaptureService.StartAsync(stores, folder, options, TimeProvider.System, new Random(), loggers, cancellationToken);
        if (!json) Output.People().MarkupLineInterpolated($"capturing [green]{service.Symbols.Count}[/] symbols into {folder.Path}; Ctrl+C stops");

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

    private static void Report(CaptureReport report, bool json)
    {
        if (json) Console.Out.WriteLine(JsonSerializer.Serialize(report, JsonSerializerOptions.Web));
        else Console.Out.WriteLine(report.ToString());
    }
}
