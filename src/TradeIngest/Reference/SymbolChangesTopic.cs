using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>
/// Where the warehouse is behind the log, what sources have said is what stands in the topic <c>symbol_changes</c>, and to apply is to
/// publish there. Safe for concurrent callers, since each source numbers its own changes.
/// </summary>
internal sealed class SymbolChangesTopic(ITradeLog log, TradeIngestMetrics metrics) : ISymbolChangeLog
{
    private const int StatementsPerRead = 4096;

    private readonly Dictionary<string, SymbolChange> _byHash = new(StringComparer.Ordinal);
    private readonly HashSet<NaturalKey> _symbols = [];
    private readonly SemaphoreSlim _using = new(1, 1);
    private ILogReader? _reader;

    public async ValueTask<IReadOnlyList<SymbolChange>> ChangesAsync(ChangeSource source, CancellationToken cancellationToken)
    {
        using var _ = await _using.EnterAsync(cancellationToken);
        await ReadToEndAsync(cancellationToken);
        return [.. _byHash.Values.Where(change => change.Source == source).Order(SymbolChange.Order)];
    }

    /// <summary>Reads on to the end, which takes a broker that answers and a publication that is not stuck.</summary>
    public async ValueTask<long> RevisionAsync(CancellationToken cancellationToken)
    {
        using var _ = await _using.EnterAsync(cancellationToken);
        await ReadToEndAsync(cancellationToken);
        return _byHash.Count;
    }

    /// <summary>Publishes the changes that do not stand there already.</summary>
    public ValueTask<ApplyOutcome> ApplyAsync(IReadOnlyCollection<SymbolChange> changes, CancellationToken cancellationToken) =>
        ApplyAsync(changes, static () => { }, cancellationToken, cancellationToken);

    /// <param name="changes">The changes.</param>
    /// <param name="beforePublishing">Throws where this process may not publish any more; called right before it does.</param>
    /// <param name="cancellationToken">Ends what is done before the publication.</param>
    /// <param name="abandoning">Ends the wait for the publication.</param>
    public async ValueTask<ApplyOutcome> ApplyAsync(
        IReadOnlyCollection<SymbolChange> changes, Action beforePublishing, CancellationToken cancellationToken,
        CancellationToken abandoning)
    {
        using var _ = await _using.EnterAsync(cancellationToken);
        await ReadToEndAsync(cancellationToken);
        var news = changes.Where(change => !_byHash.ContainsKey(change.Hash)).DistinctBy(
            change => change.Hash, StringComparer.Ordinal).ToList();
        using var records = new RecordBatch();
        foreach (var change in news) records.Add(SymbolChangeJson.Key(change), SymbolChangeJson.Write(change));
        if (records.Count > 0) beforePublishing();
        await log.AppendAsync(Topics.SymbolChanges, records, abandoning);
        var newSymbols = news.Select(change => change.Key).Distinct().Count(key => !_symbols.Contains(key));
        foreach (var change in news) Learn(change);
        return new ApplyOutcome(news.Count, newSymbols, 0, 0, 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_reader is not null) await _reader.DisposeAsync();
        _using.Dispose();
    }

    private async Task ReadToEndAsync(CancellationToken cancellationToken)
    {
        _reader ??= log.OpenReader(
            Topics.SymbolChanges,
            new Dictionary<int, long> { [0] = (await log.OffsetsAsync(Topics.SymbolChanges, 0, cancellationToken)).First });
        while (!cancellationToken.IsCancellationRequested && _reader.TryRead(StatementsPerRead) is { } slice)
        {
            foreach (var record in slice.Records.Span)
            {
                if (SymbolChangeJson.TryRead(record.Value, out var change) == TradeModel.Quality.ErrorReason.None) Learn(change!);
                else metrics.Reference.UnreadableChanges.Increment();
            }
        }
    }

    private void Learn(SymbolChange change)
    {
        _byHash[change.Hash] = change;
        _symbols.Add(change.Key);
    }
}
