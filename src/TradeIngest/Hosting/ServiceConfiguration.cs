using System.Text.Json;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Brings together appsettings.json, the environment (<c>CRYPTO__Section__Key</c>) and the command line, and checks the result.
/// </summary>
internal static class ServiceConfiguration
{
    private const string EnvironmentPrefix = "CRYPTO__";

    private static readonly string[] Addresses = ["Exchange:WebSocket", "Exchange:Rest", "Snowflake:AccountUrl", "Snowflake:IngestHost"];

    /// <param name="overrides">What the command line says, by configuration key; null values say nothing.</param>
    /// <exception cref="ConfigurationException">Lists every fault.</exception>
    public static ServiceOptions Read(params (string Key, string? Value)[] overrides)
    {
        var given = overrides.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value));
        var read = ReadSources(given);
        KeepSecrets(read);
        var faults = ConfiguredValues.All()
            .Select(option => (option.Key, Fault: read[option.Key] is { } text ? ConfiguredValues.FaultOf(option.Type, text) : null))
            .Where(option => option.Fault is not null)
            .ToDictionary(option => option.Key, option => option.Fault!, StringComparer.OrdinalIgnoreCase);

        // Without those the others can be checked too. A null would replace a default.
        var readable = new ConfigurationBuilder()
            .AddInMemoryCollection(read.AsEnumerable().Where(pair => pair.Value is not null && !faults.ContainsKey(pair.Key)))
            .Build();
        var options = readable.Get<ServiceOptions>(binder => binder.ErrorOnUnknownConfiguration = false) ?? new ServiceOptions();
        KeepSecrets(options.Snowflake);
        List<string> all = [.. faults.Select(fault => $"{fault.Key}: {fault.Value}"), .. options.Validate()];
        return all.Count == 0 ? options : throw ConfigurationException.Of(all);
    }

    /// <summary>The same for commands that know the warehouse in the data folder only.</summary>
    /// <exception cref="ConfigurationException">Another one is configured, or as <see cref="Read"/>.</exception>
    public static ServiceOptions ReadForFolder(params (string Key, string? Value)[] overrides)
    {
        var options = Read(overrides);
        return options.Warehouse.Target == WarehouseTarget.Embedded
            ? options
            : throw new ConfigurationException(
                $"This command knows only the warehouse in the data folder, and Warehouse:Target is {options.Warehouse.Target}. "
                + "Set CRYPTO__Warehouse__Target=Embedded for it; for Snowflake see docs/snowflake.md.");
    }

    public static ILoggerFactory Loggers(LogLevel level) => new CoalescingLoggerFactory(ConsoleLoggers(level), TimeProvider.System);

    private static ILoggerFactory ConsoleLoggers(LogLevel level) => LoggerFactory.Create(builder => builder
        .SetMinimumLevel(level)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
        .AddSimpleConsole(format =>
        {
            format.SingleLine = true;
            format.UseUtcTimestamp = true;
            format.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            format.ColorBehavior = Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
        }));

    private static IConfigurationRoot ReadSources(IEnumerable<KeyValuePair<string, string?>> given)
    {
        var file = Path.GetFullPath("appsettings.json");
        try
        {
            return new ConfigurationBuilder()
                .AddJsonFile(file, optional: true)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddInMemoryCollection(given)
                .Build();
        }
        catch (Exception failure) when (failure is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"'{file}' {FaultOf(failure)}", failure);
        }
    }

    private static string FaultOf(Exception failure) => failure.InnerException switch
    {
        // Both count from 0.
        FormatException { InnerException: JsonException { LineNumber: { } line, BytePositionInLine: { } position } } =>
            $"is not valid JSON at line {line + 1}, position {position + 1}. "
            + "Look for a missing or superfluous comma, quote or bracket there or just before.",
        FormatException format => $"is not a configuration: {format.Message} It takes one JSON object with each key once.",
        _ => $"cannot be read: {failure.Message}",
    };

    private static void KeepSecrets(IConfiguration read)
    {
        foreach (var (_, value) in read.AsEnumerable()) Secrets.KeepParts(value);
        foreach (var key in Addresses) Secrets.KeepAddress(read[key]);
        foreach (var server in (read["Kafka:BootstrapServers"] ?? "").Split(',')) Secrets.KeepAddress(server);
        foreach (var setting in read.GetSection("Kafka:Settings").GetChildren()) KafkaSettings.KeepSecret(setting.Key, setting.Value);
    }

    /// <summary>Where Snowflake's options name no file and no variable there is, they may hold the secret itself.</summary>
    private static void KeepSecrets(SnowflakeOptions options)
    {
        var defaults = new SnowflakeOptions();
        if (!File.Exists(options.PrivateKeyFile)) Secrets.Keep(options.PrivateKeyFile);
        KeepVariable(options.PrivateKeyVariable, defaults.PrivateKeyVariable);
        KeepVariable(options.PassphraseVariable, defaults.PassphraseVariable);

        static void KeepVariable(string name, string known) =>
            Secrets.Keep(Environment.GetEnvironmentVariable(name) ?? (name == known ? null : name));
    }
}
