using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// Which symbols are wanted, as the configuration and the edits in the data folder say now. The files are looked at again at each call, by
/// time and length: notifications do not cross container mounts. What cannot be read leaves what was known.
/// </summary>
/// <param name="options">As read at the start.</param>
/// <param name="edits">The file of edits; null where there is none.</param>
/// <param name="reread">Reads the options again; null where they stay.</param>
internal sealed class SymbolRulesFiles(
    ExchangeOptions options, string? edits, Func<ServiceOptions>? reread, ILogger<SymbolRulesFiles> logger)
{
    private readonly Lock _gate = new();
    private readonly string _configuration = Path.GetFullPath(ConfigurationSources.FileName);
    private ExchangeOptions _options = options;
    private FileState _configured = FileState.Of(Path.GetFullPath(ConfigurationSources.FileName));
    private FileState _edited;
    private SymbolRules? _rules;

    /// <exception cref="ConfigurationException">At the first call: the edits cannot be read.</exception>
    public SymbolRules Read()
    {
        lock (_gate)
        {
            try
            {
                _rules = ReadIfChanged();
            }
            catch (ConfigurationException fault) when (_rules is not null)
            {
                logger.SymbolsNotReread(fault.Message);
            }

            return _rules!;
        }
    }

    private SymbolRules ReadIfChanged()
    {
        var (configured, edited) = (FileState.Of(_configuration), edits is null ? default : FileState.Of(edits));
        if (_rules is { } known && configured == _configured && edited == _edited) return known;
        var isReread = configured != _configured && reread is not null;

        // A fault is reported once for each state of the files.
        (_configured, _edited) = (configured, edited);
        if (isReread) _options = reread!().Exchange;
        var rules = _options.Rules with { Edits = edits is null ? [] : SymbolsFile.Read(edits) };
        return _rules is { } before && IsSame(before, rules) ? before : rules;
    }

    private static bool IsSame(SymbolRules one, SymbolRules other) =>
        one.Symbols.SequenceEqual(other.Symbols, StringComparer.Ordinal) && one.Exclude.SequenceEqual(other.Exclude, StringComparer.Ordinal)
        && one.Edits.SequenceEqual(other.Edits);

    private readonly record struct FileState(DateTime Written, long Length)
    {
        public static FileState Of(string path) => new FileInfo(path) is { Exists: true } file
            ? new FileState(file.LastWriteTimeUtc, file.Length)
            : default;
    }
}
