namespace Crypto.TradeIngest.Configuration;

/// <summary>What the user asked for cannot be done as asked; the message lists every fault and what to do. Exit code 2.</summary>
internal sealed class ConfigurationException(string message, Exception? inner = null) : IngestException(message, inner)
{
    public static ConfigurationException Of(IEnumerable<string> faults) => new(string.Join(Environment.NewLine, faults));
}
