using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;

namespace Crypto.EndToEnd.Tests;

/// <summary>
/// A simulated exchange in a process of its own that has three days of recorded trades of BTCUSDT, 2026-02-03 to 05, by REST and as an
/// archive; they have all happened.
/// </summary>
internal sealed class RecordedExchange : IAsyncDisposable
{
    /// <summary>Some 8,640 a day.</summary>
    public const int Trades = 25_000;

    private readonly TradeIngestProcess _process;

    private RecordedExchange(TradeIngestProcess process, string rest)
    {
        _process = process;
        Rest = rest;
    }

    public static ArchiveSample Sample { get; } = new(milliRate: 100);

    public string Rest { get; }

    public static async Task<RecordedExchange> StartAsync(TemporaryFolder folder, params string[] faults)
    {
        var file = folder["BTCUSDT-trades-recorded.csv"];
        if (!File.Exists(file)) Sample.WriteCsv(file, 0, Trades);
        var process = TradeIngestProcess.Start(
            folder.FullName,
            ["simulate", "--replay", file, "--speed", "1000000", .. faults.SelectMany(fault => new[] { "--fault", fault }), "--json"]);
        var output = JsonDocument.Parse(await process.WaitForOutputAsync(text => text.TrimEnd().EndsWith('}'))).RootElement;
        var exchange = new RecordedExchange(process, output.GetProperty("rest").GetString()!);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        if (faults.Any(fault => fault.StartsWith("rest-status", StringComparison.Ordinal))) return exchange;
        var last = Sample.FirstId + Trades - 1;
        while ((await NewestTrades.ReadAsync(exchange.Rest)).Of("BTCUSDT") < last) await timer.WaitForNextTickAsync();
        return exchange;
    }

    /// <summary>When a trade happened.</summary>
    public static Timestamp TimeOf(int k) => new(long.Parse(Sample.CsvLine(k).Split(',')[4], CultureInfo.InvariantCulture));

    /// <summary>The first trade at or after a time.</summary>
    public static int FirstAt(string time)
    {
        var at = Timestamp.Parse(time);
        var k = 0;
        while (k < Trades && TimeOf(k) < at) k++;
        return k;
    }

    /// <summary>An archive file with its checksum, as the exchange publishes them.</summary>
    public static string WriteArchive(string folder, string day)
    {
        Directory.CreateDirectory(folder);
        var name = $"BTCUSDT-trades-{day}";
        var path = Path.Combine(folder, name + ".zip");
        using (var archive = ZipFile.Open(path, ZipArchiveMode.Create))
        {
            using var lines = new StreamWriter(archive.CreateEntry(name + ".csv").Open());
            var end = FirstAt(DateOnly.Parse(day, CultureInfo.InvariantCulture).AddDays(1).ToString("O", CultureInfo.InvariantCulture));
            for (var k = FirstAt(day); k < end; k++) lines.Write(Sample.CsvLine(k) + "\n");
        }

        File.WriteAllText(path + ".CHECKSUM", $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))}  {name}.zip\n");
        return path;
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
