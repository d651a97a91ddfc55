using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Brings together appsettings.json, the environment (<c>CRYPTO__Section__Key</c>) and the command line, and checks the result.
/// </summary>
internal static class ServiceConfiguration
{
    private const string KafkaSettingsKey = $"{nameof(ServiceOptions.Kafka)}:{nameof(KafkaOptions.Settings)}";

    /// <param name="overrides">What the command line says, by configuration key; null values say nothing.</param>
    /// <exception cref="ConfigurationException">Lists every fault.</exception>
    public static ServiceOptions Read(params (string Key, string? Value)[] overrides) => ReadWithOrigins(overrides).Options;

    /// <summary>The same, with the place each value comes from.</summary>
    /// <exception cref="ConfigurationException">Lists every fault.</exception>
    public static ConfiguredOptions<ServiceOptions> ReadWithOrigins(params (string Key, string? Value)[] overrides)
    {
        var given = ConfigurationSources.Read(overrides);
        KeepSecrets(given);
        var configured = ConfiguredOptions<ServiceOptions>.Of(given);
        KeepSecrets(configured.Options.Snowflake);
        return configured.Faults.Count == 0 ? configured : throw ConfigurationException.Of(configured.Faults);
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

        // A line per request for health would bury ours.
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace)
        .AddSimpleConsole(format =>
        {
            format.SingleLine = true;
            format.UseUtcTimestamp = true;
            format.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            format.ColorBehavior = Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
        }));

    private static void KeepSecrets(IEnumerable<GivenText> given)
    {
        var tree = OptionTree.Of(typeof(ServiceOptions));
        foreach (var (key, text, _, _) in given)
        {
            Secrets.KeepParts(text);
            if (tree.Find(key) is not { } option) continue;
            if (option.HoldsAddress) foreach (var address in (text ?? "").Split(',')) Secrets.KeepAddress(address);
            if (option.Key == KafkaSettingsKey && key.Length > option.Key.Length)
            {
                KafkaSettings.KeepSecret(key[(option.Key.Length + 1)..], text);
            }
        }
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
