using Crypto.TradeIngest.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>
/// Brings together appsettings.json, the environment (<c>CRYPTO__Section__Key</c>) and the command line, and checks the result.
/// </summary>
internal static class Configuration
{
    private const string EnvironmentPrefix = "CRYPTO__";

    /// <param name="overrides">What the command line says, by configuration key; null values say nothing.</param>
    /// <exception cref="ConfigurationException">Lists every fault.</exception>
    public static ServiceOptions Read(params (string Key, string? Value)[] overrides)
    {
        var given = overrides.Where(pair => pair.Value is not null).Select(pair => KeyValuePair.Create(pair.Key, pair.Value));
        ServiceOptions options;
        try
        {
            options = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddInMemoryCollection(given)
                .Build()
                .Get<ServiceOptions>(binder => binder.ErrorOnUnknownConfiguration = false) ?? new ServiceOptions();
        }
        catch (Exception failure) when (failure is InvalidDataException or InvalidOperationException or FormatException)
        {
            var reason = failure.InnerException?.Message ?? failure.Message;
            throw new ConfigurationException($"The configuration cannot be read: {reason}", failure);
        }

        var faults = options.Validate().ToList();
        return faults.Count == 0 ? options : throw ConfigurationException.Of(faults);
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
}
