using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Simulation.Rest;

/// <summary>
/// The public archive of daily trades, with its checksums:
/// <c>/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-02-03.zip</c> and <c>….zip.CHECKSUM</c>. A day is there when it is over in the
/// market's time, or when a recording has come to its end; times are in microseconds from 2025 on and in milliseconds before. A file is
/// written anew, with the same bytes, each time it is asked for.
/// </summary>
internal sealed partial class ArchiveApi
{
    private const string Root = "/data/spot/daily/trades";

    private static readonly DateOnly FirstInMicroseconds = new(2025, 1, 1);

    private readonly ITradeTape _tape;
    private readonly Func<int, long> _produced;
    private readonly Func<Timestamp> _marketTime;
    private readonly Dictionary<string, int> _ordinals;

    /// <param name="tape">The trades.</param>
    /// <param name="produced">One past the last trade of a listing that happened.</param>
    /// <param name="marketTime">What time it is in the market.</param>
    public ArchiveApi(ITradeTape tape, Func<int, long> produced, Func<Timestamp> marketTime)
    {
        _tape = tape;
        _produced = produced;
        _marketTime = marketTime;
        _ordinals = tape.Listings
            .Select((listing, ordinal) => (listing.Ticker, ordinal))
            .ToDictionary(pair => pair.Ticker, pair => pair.ordinal, StringComparer.Ordinal);
    }

    public static bool IsArchivePath(PathString path) => path.StartsWithSegments(Root, StringComparison.Ordinal);

    public async Task HandleAsync(HttpContext context)
    {
        var match = FilePath().Match(context.Request.Path.Value ?? "");
        if (!match.Success || Find(match) is not { } trades)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        // On the disk: a busy day has more than fits in memory.
        var name = $"{match.Groups["ticker"].Value}-trades-{match.Groups["day"].Value}";
        await using var file = new FileStream(
            Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose);
        Write(file, name, trades);
        file.Position = 0;
        if (match.Groups["checksum"].Success)
        {
            var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, context.RequestAborted));
            await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"{digest}  {name}.zip\n"), context.RequestAborted);
            return;
        }

        context.Response.ContentType = "application/zip";
        context.Response.ContentLength = file.Length;
        await file.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private DayTrades? Find(Match match)
    {
        var ticker = match.Groups["ticker"].Value;
        if (ticker != match.Groups["folder"].Value || !_ordinals.TryGetValue(ticker, out var ordinal)) return null;
        if (!DateOnly.TryParseExact(match.Groups["day"].ValueSpan, "yyyy-MM-dd", CultureInfo.InvariantCulture, default, out var day))
        {
            return null;
        }

        var end = _produced(ordinal);
        var isOver = _marketTime() >= StartOf(day.AddDays(1)) || end == _tape.End(ordinal);
        var from = _tape.FirstHappened(ordinal, StartOf(day), end);
        var to = _tape.FirstHappened(ordinal, StartOf(day.AddDays(1)), end);
        return isOver && from < to ? new DayTrades(ordinal, from, to, day >= FirstInMicroseconds) : null;
    }

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));

    private void Write(Stream file, string name, DayTrades trades)
    {
        using var archive = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true);
        var entry = archive.CreateEntry($"{name}.csv", CompressionLevel.Fastest);

        // Not now: the checksum is of another writing.
        entry.LastWriteTime = new DateTimeOffset(2017, 7, 14, 0, 0, 0, TimeSpan.Zero);
        using var lines = new StreamWriter(entry.Open(), new UTF8Encoding(false));
        for (var k = trades.From; k < trades.To; k++)
        {
            _tape.Read(trades.Ordinal, k, out var trade);
            Amount.TryMultiply(trade.Price, trade.Quantity, out var amount);
            lines.Write(string.Create(
                CultureInfo.InvariantCulture,
                $"{trade.TradeId},{trade.Price},{trade.Quantity},{amount},{TradesJson.Unix(trade.TradeTime, trades.InMicroseconds)},"));
            lines.Write(trade.BuyerIsMaker ? "True,True\n" : "False,True\n");
        }
    }

    [GeneratedRegex(
        "^" + Root + @"/(?<folder>[^/]+)/(?<ticker>[^/]+)-trades-(?<day>\d{4}-\d{2}-\d{2})\.zip(?<checksum>\.CHECKSUM)?\z",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FilePath();

    private readonly record struct DayTrades(int Ordinal, long From, long To, bool InMicroseconds);
}
