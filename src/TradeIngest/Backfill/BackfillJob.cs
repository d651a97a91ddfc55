using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// Does what one request asks for, in the process that owns the pipeline: the command's own, or the service's. Nothing is kept beside the
/// stores: what they hold is passed over, so a request may be ended anywhere and done again.
/// </summary>
/// <param name="history">The exchange, within its limits.</param>
/// <param name="target">Where the trades go.</param>
/// <param name="workFolder">For downloads; removed afterwards.</param>
/// <param name="pauses">Between attempts at one request.</param>
/// <param name="metrics">Counts requests and what they bring.</param>
/// <param name="clock">Of pauses.</param>
internal sealed class BackfillJob(
    ITradeHistory history, IBackfillTarget target, string workFolder, BackoffOptions pauses, BackfillMetrics metrics, TimeProvider clock)
{
    /// <exception cref="ExchangeException">The exchange or its archive refuses for good.</exception>
    /// <exception cref="ConfigurationException">It cannot be done as asked.</exception>
    /// <exception cref="Replay.ReplayFileException">A file is missing or damaged.</exception>
    public Task RunAsync(BackfillRequest request, BackfillProgress progress, CancellationToken cancellationToken)
    {
        if (request.Faults(clock).ToList() is { Count: > 0 } faults) throw ConfigurationException.Of(faults);
        var attempts = new RequestAttempts(pauses, progress, metrics, clock);
        var rest = new RestBackfill(history, target, attempts, progress, metrics, clock);
        var archive = new ArchiveBackfill(target, history, attempts, progress, metrics, clock);
        return request.Kind switch
        {
            BackfillKind.Ids => FetchAsync(rest, Known(request.Symbol!), request.Ids, progress, cancellationToken),
            BackfillKind.Times => FetchTimesAsync(rest, attempts, request, progress, cancellationToken),
            BackfillKind.Dates => DownloadAsync(archive, request, cancellationToken),
            BackfillKind.Files => archive.LoadAsync(request.Files!, request.Symbol, cancellationToken),
            _ => FetchGapsAsync(rest, request.Symbol, progress, cancellationToken),
        };
    }

    private Symbol Known(string ticker) => target.Symbols.Intern(ticker);

    private async Task FetchAsync(
        RestBackfill rest, Symbol symbol, IdRange ids, BackfillProgress progress, CancellationToken cancellationToken)
    {
        var missing = target.Tracker.Missing(symbol, ids).Sum(range => range.Count);
        progress.Update(report => report with { Known = ids.Count - missing });
        rest.Expect(missing);
        await rest.FetchAsync(symbol, ids, cancellationToken);
    }

    private async Task FetchTimesAsync(
        RestBackfill rest, RequestAttempts attempts, BackfillRequest request, BackfillProgress progress,
        CancellationToken cancellationToken)
    {
        var symbol = Known(request.Symbol!);
        progress.Update(report => report with { Step = $"{symbol.Ticker}: finding the ids" });
        if (await FirstIdAsync(request.FromTime!.Value) is not { } first) return;
        var next = await FirstIdAsync(request.ToTime!.Value) ?? first;
        if (first < next) await FetchAsync(rest, symbol, new IdRange(first, next - 1), progress, cancellationToken);

        Task<long?> FirstIdAsync(long time) =>
            attempts.RunAsync(token => history.FirstIdAtAsync(symbol, new Timestamp(time), token), cancellationToken);
    }

    private async Task FetchGapsAsync(RestBackfill rest, string? ticker, BackfillProgress progress, CancellationToken cancellationToken)
    {
        var symbol = ticker is null ? null : Known(ticker);
        if (symbol is not null && target.Tracker.First(symbol) is null)
        {
            throw new ConfigurationException(
                $"Nothing of '{ticker}' is stored, so nothing of it is missing. Check the symbol, or say what to fetch: --dates A..B, "
                + "--from TIME --to TIME, --from-id A --to-id B.");
        }

        var open = target.Tracker.OpenGaps().Where(gap => symbol is null || gap.Symbol == symbol).ToList();
        rest.Expect(open.Sum(gap => gap.Missing.Sum(range => range.Count)));
        foreach (var (of, missing) in open)
        {
            try
            {
                // One range, of which what is there is passed over: a page brings what it can of many small gaps.
                await rest.FetchAsync(of, new IdRange(missing[0].From, missing[^1].To), cancellationToken);
            }
            catch (ConfigurationException refusal) when (symbol is null)
            {
                // One that the exchange has removed costs no other.
                progress.Update(report => report with { Refused = [.. report.Refused, $"{of.Ticker}: {refusal.Message}"] });
            }
        }
    }

    private async Task DownloadAsync(ArchiveBackfill archive, BackfillRequest request, CancellationToken cancellationToken)
    {
        var (first, last) = (request.FirstDate!.Value, request.LastDate!.Value);
        var days = Enumerable.Range(0, last.DayNumber - first.DayNumber + 1).Select(first.AddDays).ToList();
        using var download = new ArchiveDownload(new Uri(request.ArchiveAddress!), workFolder, clock);
        await archive.DownloadAsync(download, request.Symbol!, days, cancellationToken);
    }
}
