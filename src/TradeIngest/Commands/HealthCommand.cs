using System.CommandLine;
using System.Net;
using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Hosting.Health;

namespace Crypto.TradeIngest.Commands;

internal static class HealthCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command(
            "health",
            """
            Asks the service on this machine whether its roles make progress: exit code 0 when all do, 1 when one has work and has
            stood still for longer than CRYPTO__Health__Bound, 3 when there is no answer. Needs CRYPTO__Health__Port, as the service does.

            Examples:
              CRYPTO__Health__Port=8081 trade-ingest health
              CRYPTO__Health__Port=8081 trade-ingest health --json
            """)
        {
            json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(json), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool json, CancellationToken cancellationToken)
    {
        var options = ServiceConfiguration.Read().Health;
        if (options.Port == 0) throw new ConfigurationException(
            "No endpoint is configured: set CRYPTO__Health__Port here and for the service.");
        var address = AddressOf(options);
        try
        {
            using var http = new HttpClient { Timeout = Patience, MaxResponseContentBufferSize = 1 << 20 };
            using var response = await http.GetAsync(address, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            var report = JsonSerializer.Deserialize<HealthReport>(body, MachineJson.Line);
            if (report?.Parts is null) throw new JsonException("what answers is another service");
            if (json) Output.Json(report);
            else Write(report);
            return report.IsHealthy ? ExitCode.Ok : ExitCode.CheckFailed;
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException
            || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            ErrorReport.Current.Write(
                $"No answer from {address} ({failure.Message}). The service is not running, still starting, or stands still.",
                ExitCode.Unreachable, failure);
            return ExitCode.Unreachable;
        }
    }

    /// <summary>Where the service of this machine answers.</summary>
    public static Uri AddressOf(HealthOptions options) =>
        new UriBuilder("http", HostOf(options), options.Port, HealthEndpoints.ReadyPath).Uri;

    private static string HostOf(HealthOptions options) => IPAddress.Parse(options.Address) switch
    {
        var any when any.Equals(IPAddress.Any) => IPAddress.Loopback.ToString(),
        var any when any.Equals(IPAddress.IPv6Any) => "[::1]",
        { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6 } address => $"[{address}]",
        var address => address.ToString(),
    };

    private static void Write(HealthReport report)
    {
        foreach (var part in report.Parts)
        {
            Console.Out.WriteLine(
                part.IsHealthy
                    ? $"{part.Name}: {part.State ?? "ok"}"
                    : FormattableString.Invariant($"{part.Name}: stands still for {part.Stalled} s"));
        }
    }
}
