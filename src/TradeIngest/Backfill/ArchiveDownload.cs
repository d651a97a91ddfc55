using System.Globalization;
using System.Net;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;

namespace Crypto.TradeIngest.Backfill;

/// <summary>
/// Downloads daily files of the exchange's archive, each with its checksum:
/// <c>/data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2026-02-03.zip</c>.
/// </summary>
/// <param name="address">Base of the archive.</param>
/// <param name="folder">Where the file of the moment lies; removed when disposed.</param>
internal sealed class ArchiveDownload(Uri address, string folder, TimeProvider clock) : IDisposable
{
    private const int MaxChecksumBytes = 4096;

    // A download takes as long as it takes, while bytes come.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(SingleAttemptHandler.Create()) { Timeout = Timeout.InfiniteTimeSpan };

    public static string PathOf(string ticker, DateOnly day) => string.Create(
        CultureInfo.InvariantCulture,
        $"data/spot/daily/trades/{Uri.EscapeDataString(ticker)}/{Uri.EscapeDataString(ticker)}-trades-{day:yyyy-MM-dd}.zip");

    /// <summary>Brings a day's file here in place of the one before.</summary>
    /// <returns>Its path; null when the archive does not have it.</returns>
    /// <exception cref="ExchangeException">The archive could not be asked or refused.</exception>
    public async Task<string?> FetchAsync(string ticker, DateOnly day, CancellationToken cancellationToken)
    {
        Clear();
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{ticker}-trades-{day:yyyy-MM-dd}.zip"));
        var source = new Uri(Base(), PathOf(ticker, day));

        // The checksum first: without one a file could not be told from a damaged one.
        var checksum = new Uri(source.AbsoluteUri + ArchiveChecksum.Extension);
        return await TryFetchAsync(checksum, path + ArchiveChecksum.Extension, MaxChecksumBytes, cancellationToken)
            && await TryFetchAsync(source, path, long.MaxValue, cancellationToken)
            ? path
            : null;
    }

    public void Dispose()
    {
        _http.Dispose();
        Clear();
    }

    private void Clear()
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private Uri Base() => address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");

    private async Task<bool> TryFetchAsync(Uri source, string path, long limit, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(source, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
                .WaitAsync(Silence, clock, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound) return false;
            if (!response.IsSuccessStatusCode) throw Refused(source, (int)response.StatusCode);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            await CopyAsync(body, path, limit, cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is HttpRequestException or HttpIOException or TimeoutException)
        {
            var why = failure is TimeoutException ? $"nothing came for {Silence.TotalSeconds:0} s" : failure.Message;
            throw new ExchangeException(
                $"Cannot download {Secrets.Shown(source)}: {why}. Check the address, the network and any proxy.", isTransient: true,
                failure);
        }
    }

    private async Task CopyAsync(Stream body, string path, long limit, CancellationToken cancellationToken)
    {
        var buffer = new byte[128 * 1024];
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true);
        while (await body.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(Silence, clock, cancellationToken) is > 0 and var read)
        {
            if (file.Length + read > limit)
            {
                throw new ReplayFileException($"{Path.GetFileName(path)} is no checksum: it has more than {limit} bytes. "
                    + "Check the address of the archive.");
            }

            await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
        }
    }

    private static ExchangeException Refused(Uri source, int status)
    {
        var isBusy = status is 408 or 429 or >= 500;
        return new ExchangeException(
            $"{Secrets.Shown(source)} is refused with {status}. "
                + (isBusy ? "It may be asked for again." : "Check the address of the archive, or take another with --archive-address."),
            isBusy);
    }
}
