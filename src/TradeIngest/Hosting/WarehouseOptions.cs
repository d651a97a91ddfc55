using System.ComponentModel;
using Crypto.TradeIngest.Configuration;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.TradeIngest.Hosting;

internal enum WarehouseTarget
{
    /// <summary>A file in the data folder.</summary>
    Embedded,

    /// <summary>Snowflake, as section <c>Snowflake</c> says.</summary>
    Snowflake,
}

internal sealed record WarehouseOptions : IOptionRules
{
    [Description("Where trades land: a file in the data folder, or Snowflake.")]
    public WarehouseTarget Target { get; init; }

    [Description("Quote assets that count as US dollars, separated by commas.")]
    public string PeggedAssets { get; init; } = string.Join(',', UsdAmount.DefaultPeggedAssets);

    public IReadOnlyList<string> Pegged => Split(PeggedAssets);

    /// <summary>As good as none.</summary>
    public const long MaxRekeyLimit = 1_000_000_000_000;

    [Description("Most facts that one set of changes may bind to another version; beyond it nothing is applied.")]
    [Within("0", "1000000000000")]
    public long RekeyLimit { get; init; } = 1_000_000;

    /// <summary>Attributes left out keep their default owners.</summary>
    [Description("Which sources may state an attribute, each attribute a key of its own: "
        + "CRYPTO__Warehouse__Owners__sector=reference_file,change_data_capture.")]
    public IReadOnlyDictionary<string, string> Owners { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public AttributeOwnership Ownership => AttributeOwnership.Default.With(Owners.Select(pair => KeyValuePair.Create(
        SymbolAttributes.TryParse(pair.Key, out var attribute)
            ? attribute
            : throw new FormatException($"'{pair.Key}' is no attribute of a symbol."),
        Split(pair.Value).Select(ChangeSources.Parse))));

    public IEnumerable<OptionFault> Faults()
    {
        foreach (var (column, sources) in Owners)
        {
            if (!SymbolAttributes.TryParse(column, out _))
            {
                yield return new(
                    nameof(Owners),
                    $"'{column}' is none of {string.Join(", ", SymbolAttributes.All.Select(attribute => attribute.Column()))}");
            }

            foreach (var source in Split(sources))
            {
                if (!ChangeSources.TryParse(source, out _))
                {
                    yield return new(
                        $"{nameof(Owners)}:{column}", $"'{source}' is none of exchange_info, reference_file, change_data_capture");
                }
            }
        }
    }

    private static string[] Split(string values) =>
        values.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
