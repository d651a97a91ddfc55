using System.Globalization;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Backfill;

/// <summary>Loads files of the exchange's archive: those of this machine, or downloaded day by day.</summary>
internal sealed class ArchiveBackfill(
    IBackfillTarget target, ITradeHistory history, RequestAttempts attempts, BackfillProgress progress, BackfillMetrics metrics,
    TimeProvider clock)
{
    // What the exchange says of a day only spares its download; it is not worth a longer wait.
    private static readonly TimeSpan AskingTime = TimeSpan.FromSeconds(10);

    private bool _isSilent;

    /// <summary>Loads files one after the other. All of them are checked first: of a damaged set nothing is loaded.</summary>
    /// <exception cref="ReplayFileException">A file is missing or damaged.</exception>
    public async Task LoadAsync(IReadOnlyList<string> paths, string? ticker, CancellationToken cancellationToken)
    {
        progress.Update(report => report with { Step = "checking the files" });
        foreach (var path in paths)
        {
            using var file = ReplayFile.Open(path, new SymbolTable(), clock, ticker);
            await file.CheckAsync(cancellationToken);
        }

        for (var i = 0; i < paths.Count; i++) await LoadAsync(paths[i], ticker, i, paths.Count, cancellationToken);
    }

    /// <summary>Downloads and loads days, passing over those whose trades are all there.</summary>
    /// <exception cref="ExchangeException">The archive refuses.</exception>
    /// <exception cref="ConfigurationException">It has none of the days.</exception>
    public async Task DownloadAsync(
        ArchiveDownload download, string ticker, IReadOnlyList<DateOnly> days, CancellationToken cancellationToken)
    {
        var symbol = target.Symbols.Intern(ticker);
        for (var i = 0; i < days.Count; i++)
        {
            var day = days[i];
            progress.Update(report => report with { Step = Name(ticker, day) });
            if (await IsThereAsync(symbol, day, cancellationToken))
            {
                progress.Update(report => report with { KnownDays = [.. report.KnownDays, day], Fraction = (i + 1.0) / days.Count });
            }
            else if (await DownloadAsync(download, ticker, day, cancellationToken) is { } path)
            {
                await LoadAsync(path, ticker, i, days.Count, cancellationToken);
            }
            else
            {
                progress.Update(report => report with { MissingDays = [.. report.MissingDays, day], Fraction = (i + 1.0) / days.Count });
            }
        }

        if (progress.Report.MissingDays.Count == days.Count)
        {
            throw new ConfigurationException(
                $"The archive has no trades of '{ticker}' on {Range(days)}. Check the symbol and the days; a day's file comes some hours "
                + "after its end, in UTC.");
        }
    }

    private static string Range(IReadOnlyList<DateOnly> days) =>
        days.Count == 1 ? $"{days[0]:O}" : $"any day of {days[0]:O} to {days[^1]:O}";

    private static string Name(string ticker, DateOnly day) =>
        string.Create(CultureInfo.InvariantCulture, $"{ticker}-trades-{day:yyyy-MM-dd}.zip");

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary>A download that is not what its checksum says is repeated once.</summary>
    private async Task<string?> DownloadAsync(ArchiveDownload download, string ticker, DateOnly day, CancellationToken cancellationToken)
    {
        for (var isRepeated = false; ; isRepeated = true)
        {
            var path = await attempts.RunAsync(token => download.FetchAsync(ticker, day, token), cancellationToken);
            if (path is null) return null;
            try
            {
                await ArchiveChecksum.VerifyAsync(path, cancellationToken);
                return path;
            }
            catch (ReplayFileException damage)
            {
                if (isRepeated)
                {
                    throw new ReplayFileException(
                        $"{Name(ticker, day)} was downloaded twice and is not the file its checksum was made from; nothing of it is "
                        + "stored, the days before it are. Check the address of the archive, or try again later.", damage);
                }
            }
        }
    }

    /// <summary>
    /// Whether every trade of a day is there. The exchange knows its ids; where it cannot be asked at once, the file tells, and what is
    /// there is not stored again.
    /// </summary>
    private async Task<bool> IsThereAsync(Symbol symbol, DateOnly day, CancellationToken cancellationToken)
    {
        if (_isSilent || target.Tracker.First(symbol) is null) return false;
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var late = new CancellationTokenSource(AskingTime, clock);
        await using var ending = late.Token.Register(asking.Cancel);
        try
        {
            var first = await history.FirstIdAtAsync(symbol, StartOf(day), asking.Token);
            var next = await history.FirstIdAtAsync(symbol, StartOf(day.AddDays(1)), asking.Token);
            return first < next && target.Tracker.Missing(symbol, new(first.Value, next.Value - 1)).Count == 0;
        }
        catch (Exception refusal) when (refusal is ExchangeException
            || (refusal is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            _isSilent = true;
            return false;
        }
    }

    private async Task LoadAsync(string path, string? ticker, int index, int count, CancellationToken cancellationToken)
    {
        using var file = ReplayFile.Open(path, target.Symbols, clock, ticker);
        progress.Update(report => report with { Step = Path.GetFileName(path) });
        var disputed = target.Disputed;
        await foreach (var value in file.ReadAsync(cancellationToken))
        {
            var (trades, known) = value is TradeBatch batch ? Count(batch) : (0, 0);
            await target.PushAsync(value, cancellationToken);
            metrics.Archived.Add(trades);
            var read = Math.Min(1, file.BytesRead / (double)Math.Max(1, file.Length));
            progress.Update(report => report with
            {
                Trades = report.Trades + trades - known,
                Known = report.Known + known,
                Fraction = (index + read) / count,
            });
        }

        progress.Update(report => report with
        {
            Rejected = report.Rejected + file.Counts.DeadLetters,
            Conflicts = report.Conflicts + target.Disputed - disputed,
            Fraction = (index + 1.0) / count,
        });
    }

    private (int Trades, int Known) Count(TradeBatch batch)
    {
        var known = 0;
        foreach (ref readonly var trade in batch.Trades)
        {
            if (target.Tracker.HasPassed(trade.Symbol, trade.TradeId)) known++;
        }

        return (batch.Count, known);
    }
}
