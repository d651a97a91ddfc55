using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Backfill;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Streams;
using Crypto.TradeIngest.Tests.Pipelines;
using Crypto.TradeModel.Times;
using Microsoft.AspNetCore.Http;

namespace Crypto.TradeIngest.Tests.Backfill;

/// <summary>Days downloaded from a server that serves what a test puts there.</summary>
[TestClass]
public sealed class ArchiveBackfillTests : IAsyncDisposable
{
    private const string Folder = "/data/spot/daily/trades/BTCUSDT/";

    private static readonly DateOnly Day = new(2026, 2, 3);

    private readonly TemporaryFolder _temporary = new();
    private readonly TradeIngestMetrics _metrics = new();
    private readonly FakeHistory _history = new();
    private readonly RecordingTarget _target;
    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
    private readonly List<string> _asked = [];
    private readonly Queue<int> _refusals = new();
    private readonly LoopbackServer _server;

    public ArchiveBackfillTests()
    {
        _target = new RecordingTarget(_metrics);
        _server = new LoopbackServer(IPAddress.Loopback, 0, ServeAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(CancellationToken.None);
        _server.Dispose();
        _temporary.Dispose();
    }

    [TestMethod]
    public async Task Dates_Served_AreLoadedAndTheDownloadIsRemoved()
    {
        Put(Day, 1, 100);
        Put(Day.AddDays(1), 101, 150);

        var report = await RunAsync(Day, Day.AddDays(1));

        Assert.AreEqual((150, 1.0, true), (report.Trades, report.Fraction, report.IsWhole));
        Assert.AreEqual(150, _target.Trades);
        Assert.IsFalse(Directory.Exists(_temporary["downloads"]));
    }

    [TestMethod]
    public async Task Dates_OneNotThere_IsNamedAndTheOthersAreLoaded()
    {
        Put(Day, 1, 100);

        var report = await RunAsync(Day, Day.AddDays(1));

        Assert.AreEqual((100, Day.AddDays(1), false), (report.Trades, report.MissingDays.Single(), report.IsWhole));
    }

    [TestMethod]
    public async Task Dates_NoneThere_IsWrongUsage()
    {
        var failure = await Assert.ThrowsExactlyAsync<ConfigurationException>(() => RunAsync(Day, Day));

        Assert.Contains("Check the symbol", failure.Message);
    }

    [TestMethod]
    public async Task Dates_DamagedOnce_IsDownloadedAgain()
    {
        Put(Day, 1, 100);
        var good = _files[Name(Day)];
        _files[Name(Day)] = [.. good[..^1], (byte)(good[^1] ^ 1)];
        var serving = _files[Name(Day)];
        _onServed = path =>
        {
            if (path == Name(Day) && ReferenceEquals(_files[path], serving)) _files[path] = good;
        };

        var report = await RunAsync(Day, Day);

        Assert.AreEqual(100, report.Trades);
        Assert.AreEqual(2, _asked.Count(path => path == Name(Day)));
    }

    [TestMethod]
    public async Task Dates_DamagedTwice_StoresNothingOfItAndKeepsTheDaysBefore()
    {
        Put(Day, 1, 100);
        Put(Day.AddDays(1), 101, 150);
        _files[Name(Day.AddDays(1))][^1] ^= 1;

        var failure = await Assert.ThrowsExactlyAsync<ReplayFileException>(() => RunAsync(Day, Day.AddDays(1)));

        Assert.Contains("2026-02-04.zip was downloaded twice", failure.Message);
        Assert.AreEqual(100, _target.Trades);
    }

    [TestMethod]
    public async Task Dates_WithoutAChecksum_AreNotTaken()
    {
        Put(Day, 1, 100);
        _files.Remove(Name(Day) + ".CHECKSUM");

        await Assert.ThrowsExactlyAsync<ConfigurationException>(() => RunAsync(Day, Day));

        Assert.AreEqual(0, _target.Trades);
    }

    [TestMethod]
    public async Task Dates_AllTheirTradesStored_AreNotDownloaded()
    {
        Put(Day, 1, 100);
        Put(Day.AddDays(1), 101, 150);
        var start = Timestamp.From(new DateTimeOffset(Day, TimeOnly.MinValue, TimeSpan.Zero));
        var history = new DailyHistory(_history, start);
        using (var stored = Batches.Range(_target.Symbols.Intern("BTCUSDT"), 1, 100)) _target.Tracker.Accept(stored, []);

        var report = await RunAsync(Day, Day.AddDays(1), history);

        Assert.AreEqual((50, Day), (report.Trades, report.KnownDays.Single()));
        Assert.DoesNotContain(Name(Day), _asked);
    }

    [TestMethod]
    public async Task Dates_RestOutOfReach_AreDownloadedAndStoredOnce()
    {
        Put(Day, 1, 100);
        _target.Has(_target.Symbols.Intern("BTCUSDT"), 1, 2, 3);
        _history.Failures.Enqueue(new ExchangeException("451", isTransient: true));

        var report = await RunAsync(Day, Day);

        Assert.AreEqual((97, 3), (report.Trades, report.Known));
    }

    [TestMethod]
    public async Task Dates_ServerInTrouble_AreAskedForAgain()
    {
        Put(Day, 1, 100);
        _refusals.Enqueue(503);

        var report = await RunAsync(Day, Day);

        Assert.AreEqual(100, report.Trades);
    }

    [TestMethod]
    public async Task Dates_ArchiveRefuses_EndsWithTheReason()
    {
        Put(Day, 1, 100);
        _refusals.Enqueue(403);

        var failure = await Assert.ThrowsExactlyAsync<ExchangeException>(() => RunAsync(Day, Day));

        Assert.Contains("--archive-address", failure.Message);
    }

    [TestMethod]
    public async Task Files_OneDamaged_LoadsNone()
    {
        var (good, bad) = (_temporary["BTCUSDT-trades-2026-02-03.zip"], _temporary["BTCUSDT-trades-2026-02-04.zip"]);
        await File.WriteAllBytesAsync(good, Zip(Day, 1, 100));
        await File.WriteAllBytesAsync(bad, Zip(Day, 101, 150));
        await File.WriteAllTextAsync(bad + ".CHECKSUM", $"{new string('0', 64)}  x.zip\n");

        await Assert.ThrowsExactlyAsync<ReplayFileException>(() => RunAsync(new BackfillRequest { Files = [good, bad] }, _history));

        Assert.AreEqual(0, _target.Trades);
    }

    private Action<string> _onServed = static _ => { };

    private static string Name(DateOnly day) => $"{Folder}BTCUSDT-trades-{day:yyyy-MM-dd}.zip";

    private void Put(DateOnly day, int from, int to)
    {
        var zip = Zip(day, from, to);
        _files[Name(day)] = zip;
        _files[Name(day) + ".CHECKSUM"] = Encoding.ASCII.GetBytes($"{Convert.ToHexStringLower(SHA256.HashData(zip))}  x.zip\n");
    }

    private static byte[] Zip(DateOnly day, int from, int to)
    {
        using var bytes = new MemoryStream();
        using (var archive = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var lines = new StreamWriter(archive.CreateEntry($"BTCUSDT-trades-{day:yyyy-MM-dd}.csv").Open());
            for (var id = from; id <= to; id++) lines.Write($"{id},2.00000000,3.00000000,6.00000000,1770076800000000,True,True\n");
        }

        return bytes.ToArray();
    }

    private Task<BackfillReport> RunAsync(DateOnly first, DateOnly last, ITradeHistory? history = null) => RunAsync(
        new BackfillRequest
        {
            Symbol = "BTCUSDT",
            FirstDate = first,
            LastDate = last,
            ArchiveAddress = "http://archive",
        },
        history ?? _history);

    private async Task<BackfillReport> RunAsync(BackfillRequest request, ITradeHistory history)
    {
        if (_server.Port == 0)
        {
            await _server.StartAsync(CancellationToken.None);
            request = request with { ArchiveAddress = request.ArchiveAddress is null ? null : _server.Base("http").AbsoluteUri };
        }

        var progress = new BackfillProgress();
        var pauses = new BackoffOptions(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), Attempts: 3);
        await new BackfillJob(history, _target, _temporary["downloads"], pauses, _metrics.Backfill, TimeProvider.System)
            .RunAsync(request, progress, CancellationToken.None);
        return progress.Report;
    }

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        lock (_asked) _asked.Add(path);
        if (_refusals.TryDequeue(out var status)) context.Response.StatusCode = status;
        else if (!_files.TryGetValue(path, out var bytes)) context.Response.StatusCode = StatusCodes.Status404NotFound;
        else await context.Response.Body.WriteAsync(bytes);
        _onServed(path);
    }

    /// <summary>A hundred trades a day, ids from 1 on.</summary>
    private sealed class DailyHistory(ITradeHistory history, Timestamp start) : ITradeHistory
    {
        public int MaxTrades => history.MaxTrades;

        public Task<TradeBatch> ReadTradesAsync(
            TradeModel.Symbols.Symbol symbol, long fromId, int limit, CancellationToken cancellationToken) =>
            history.ReadTradesAsync(symbol, fromId, limit, cancellationToken);

        public Task<long?> FirstIdAtAsync(TradeModel.Symbols.Symbol symbol, Timestamp time, CancellationToken cancellationToken) =>
            Task.FromResult<long?>(1 + (long)((time - start).TotalDays * 100));
    }
}
