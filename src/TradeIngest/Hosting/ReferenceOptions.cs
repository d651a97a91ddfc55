using System.ComponentModel;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Hosting;

/// <summary>Where the attributes of symbols come from, beside the exchange.</summary>
internal sealed record ReferenceOptions : IOptionRules
{
    [Description("The reference file, which need not exist; without a value symbols.csv in the data folder.")]
    public string? File { get; init; }

    [Description("A file of change events of a database, one JSON object per line, to which a connector appends.")]
    public string? ChangeEvents { get; init; }

    [Description("A topic of change events of a database, as a Debezium connector writes it; its whole name. Kafka only.")]
    public string? ChangeEventsTopic { get; init; }

    [Description("How often the files are looked at.")]
    [Within("50ms", "1d")]
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    public IEnumerable<OptionFault> Faults()
    {
        if (File is { } file && string.IsNullOrWhiteSpace(file)) yield return new(nameof(File), "is empty; name a file or leave it out");
    }
}
