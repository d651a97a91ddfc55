using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Replay;

[TestClass]
public sealed class ReplayFileTests : IDisposable
{
    private const string CsvName = "ETHUSDT-trades-2026-02-03.csv";

    private readonly TemporaryFolder _folder = new();
    private readonly SymbolTable _symbols = new();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task ReadAsync_Csv_GivesEveryTradeInOrder()
    {
        var read = await ReadAsync(Write(CsvName, Csv(10_000)));

        AssertIds(read, 10_000);
        Assert.AreEqual("ETHUSDT", read.Trades[0].Symbol.Ticker);
        Assert.AreEqual(IngestSource.Replay, read.Trades[0].Source);
        Assert.AreEqual(10_000, read.Counts.Trades);
        Assert.AreEqual(0, read.Counts.QuoteMismatches);
        Assert.AreEqual(3, read.Batches);
        Assert.AreEqual(read.Length, read.BytesRead);
    }

    [TestMethod]
    [DataRow("\r\n", true, true)]
    [DataRow("\n", true, false)]
    [DataRow("\r\n", false, false)]
    public async Task ReadAsync_CsvAsOthersWriteIt_GivesEveryTrade(string lineEnd, bool header, bool byteOrderMark)
    {
        var text = (byteOrderMark ? "\uFEFF" : "")
            + (header ? "id,price,qty,quoteQty,time,isBuyerMaker,isBestMatch\n" : "")
            + Csv(100).TrimEnd();

        var read = await ReadAsync(Write(CsvName, text.Replace("\n", lineEnd)));

        AssertIds(read, 100);
        Assert.IsEmpty(read.DeadLetters);
        Assert.AreEqual(header ? 1 : 0, read.Counts.SkippedLines);
    }

    [TestMethod]
    [DataRow("time,isBestMatch,price,qty,quoteQty,id,isBuyerMaker", DisplayName = "id and time changed places")]
    [DataRow("Is_Buyer_Maker, ID ,quote_qty,qty,price,TIME,is_best_match", DisplayName = "spelled otherwise")]
    public async Task ReadAsync_ColumnsInAnotherOrder_AreTakenByTheirNames(string header)
    {
        string[] published = ["id", "price", "qty", "quoteqty", "time", "isbuyermaker", "isbestmatch"];
        var names = header.Split(',').Select(name => name.Replace("_", "").Trim().ToLowerInvariant());
        var order = names.Select(name => Array.IndexOf(published, name)).ToArray();
        var text = Csv(100).TrimEnd();
        var lines = text.Split('\n').Select(line => string.Join(',', order.Select(column => line.Split(',')[column])));

        var read = await ReadAsync(Write(CsvName, string.Join('\n', [header, .. lines, "1,2"])));

        Assert.AreSequenceEqual((await ReadAsync(Write("other-" + CsvName, text))).Trades.Select(Told), read.Trades.Select(Told));
        Assert.AreEqual(0, read.Counts.QuoteMismatches);
        Assert.AreEqual("1,2", Encoding.UTF8.GetString(read.DeadLetters.Single().Payload));

        static object Told(Trade trade) => (trade.TradeId, trade.Price, trade.Quantity, trade.TradeTime, trade.Aggressor);
    }

    [TestMethod]
    [DataRow("id,price,qty,quoteQty,time,isBuyerMaker", "column isBestMatch is missing")]
    [DataRow("id,price,qty,quoteQty,time,time,isBuyerMaker,isBestMatch", "column time stands twice")]
    [DataRow("trade_id,rate,amount,volume,when,side,best", "column 'trade_id' is unknown")]
    public async Task ReadAsync_HeaderOfOtherColumns_IsRefusedByTheirNames(string header, string fault)
    {
        var failure = await Assert.ThrowsExactlyAsync<ReplayFileException>(() => ReadAsync(Write(CsvName, $"{header}\n{Csv(10)}")));

        Assert.Contains($"{CsvName}, line 1: ", failure.Message);
        Assert.Contains(fault, failure.Message);
    }

    [TestMethod]
    public async Task ReadAsync_GzipOfTwoMembers_GivesBoth()
    {
        var text = Csv(2_000);
        var half = text.IndexOf("\n1000,", StringComparison.Ordinal) + 1;
        await File.WriteAllBytesAsync(_folder[CsvName + ".gz"], [.. Gzip(text[..half]), .. Gzip(text[half..])],
            TestContext.CancellationToken);

        AssertIds(await ReadAsync(_folder[CsvName + ".gz"]), 2_000);
    }

    [TestMethod]
    public async Task ReadAsync_Zip_GivesEveryEntryWithItsOwnSymbol()
    {
        var path = Zip(("BTCUSDT-trades-2026-02.csv", Csv(500)), ("README.txt", "no trades"),
            ("folder/ETHUSDT-trades-2026-02.csv", Csv(300)));

        var read = await ReadAsync(path);

        Assert.AreEqual(500, read.Trades.Count(trade => trade.Symbol.Ticker == "BTCUSDT"));
        Assert.AreEqual(300, read.Trades.Count(trade => trade.Symbol.Ticker == "ETHUSDT"));
    }

    [TestMethod]
    public async Task ReadAsync_ExplicitSymbol_IsUsed()
    {
        var read = await ReadAsync(Write("export.csv", Csv(3)), symbol: "BNBUSDT");

        Assert.AreEqual("BNBUSDT", read.Trades[2].Symbol.Ticker);
    }

    [TestMethod]
    [DataRow(".jsonl", false)]
    [DataRow(".jsonl.gz", true)]
    public async Task ReadAsync_Frames_GivesTradesAndCountsTheRest(string extension, bool packed)
    {
        const string Text = """
            {"stream":"b@trade","data":{"e":"trade","E":1780081787835,"s":"BTCUSDT","t":1,"p":"7","q":"0.006","T":1780081787834,"m":true}}
            {"result":null,"id":1}

            {"e":"trade","E":1780081787835,"s":"ETHUSDT","t":2,"p":"2688.86000000","q":"0.00440000","T":1780081787834,"m":false,"M":true}
            {"e":"aggTrade","a":3}
            {"e":"serverShutdown","E":1780081787835}
            """;
        var path = _folder["recorded" + extension];
        await File.WriteAllBytesAsync(path, packed ? Gzip(Text) : Encoding.UTF8.GetBytes(Text), TestContext.CancellationToken);

        var read = await ReadAsync(path);

        CollectionAssert.AreEqual(new[] { "BTCUSDT 1 Sell", "ETHUSDT 2 Buy" },
            read.Trades.Select(trade => $"{trade.Symbol} {trade.TradeId} {trade.Aggressor}").ToArray());
        Assert.AreEqual((3L, 1L, 0L, 6L), (read.Counts.OtherFrames, read.Counts.SkippedLines, read.Counts.DeadLetters, read.Counts.Lines));
    }

    [TestMethod]
    public async Task ReadAsync_MalformedLines_BecomeDeadLettersAmongTheTrades()
    {
        var lines = Csv(6).TrimEnd().Split('\n');
        lines[2] = "not,a,trade";
        lines[4] = lines[4].Replace("2.50000000", "2.500000001");

        var read = await ReadAsync(Write(CsvName, string.Join('\n', lines)));

        CollectionAssert.AreEqual(new[] { "0", "1", "malformed_line", "3", "number_out_of_range", "5" }, read.Tape);
        Assert.AreEqual($"{CsvName}, line 3: 3 fields instead of 7", read.DeadLetters[0].Detail);
        Assert.AreEqual("not,a,trade", Encoding.UTF8.GetString(read.DeadLetters[0].Payload));
        Assert.AreEqual($"{CsvName}, line 5: price: number_out_of_range", read.DeadLetters[1].Detail);
        Assert.AreEqual(IngestSource.Replay, read.DeadLetters[1].Source);
    }

    [TestMethod]
    public async Task ReadAsync_MalformedFrame_HasTheParsersReason()
    {
        var read = await ReadAsync(Write("frames.jsonl", "{\"e\":\"trade\"}\n{\"e\":\"trade\"\n"));

        CollectionAssert.AreEqual(new[] { ErrorReason.MissingField, ErrorReason.MalformedJson },
            read.DeadLetters.Select(letter => letter.Reason).ToArray());
        Assert.AreEqual("frames.jsonl, line 2: malformed_json", read.DeadLetters[1].Detail);
    }

    [TestMethod]
    public async Task ReadAsync_OverlongLine_IsTooLargeAndReadingGoesOn()
    {
        var read = await ReadAsync(Write(CsvName, "0,2.5,2,5,1,True,True\n" + new string('7', 3_000_000) + "\n1,2.5,2,5,1,True,True"));

        CollectionAssert.AreEqual(new[] { "0", "too_large", "1" }, read.Tape);
        Assert.Contains("line 2: 3000000 bytes", read.DeadLetters[0].Detail);
        Assert.HasCount(LineBuffer.KeptOfTooLong, read.DeadLetters[0].Payload);
    }

    [TestMethod]
    public async Task ReadAsync_QuoteDiffers_TradeIsKeptAndCounted()
    {
        var read = await ReadAsync(Write(CsvName, "0,2.5,2,5.00000001,1,True,True\n1,2.5,2,5,1,True,True\n"));

        AssertIds(read, 2);
        Assert.AreEqual(1, read.Counts.QuoteMismatches);
    }

    [TestMethod]
    public async Task ReadAsync_EmptyFile_GivesNothing()
    {
        var read = await ReadAsync(Write(CsvName, ""));

        Assert.IsEmpty(read.Tape);
    }

    [TestMethod]
    public async Task ReadAsync_MatchingChecksum_IsRead()
    {
        var path = Zip((CsvName, Csv(10)));
        await WriteChecksumAsync(path, await File.ReadAllBytesAsync(path, TestContext.CancellationToken));

        AssertIds(await ReadAsync(path), 10);
    }

    [TestMethod]
    public async Task ReadAsync_OtherChecksum_IsRefusedBeforeTheFirstTrade()
    {
        var path = Zip((CsvName, Csv(10)));
        await WriteChecksumAsync(path, [1, 2, 3]);

        var (read, failure) = await ReadUntilFailureAsync(path);

        Assert.IsEmpty(read.Tape);
        Assert.Contains("Download it again", failure.Message);
    }

    [TestMethod]
    public async Task ReadAsync_NoChecksumInChecksumFile_IsRefused()
    {
        var path = Write(CsvName, Csv(10));
        Write(CsvName + ".CHECKSUM", "404 Not Found");

        var (read, failure) = await ReadUntilFailureAsync(path);

        Assert.IsEmpty(read.Tape);
        Assert.Contains("SHA-256", failure.Message);
    }

    [TestMethod]
    public async Task ReadAsync_TruncatedGzip_FailsBeforeTheFirstTrade()
    {
        var packed = Gzip(Csv(20_000));
        await File.WriteAllBytesAsync(_folder[CsvName + ".gz"], packed[..(packed.Length / 2)], TestContext.CancellationToken);

        var (read, failure) = await ReadUntilFailureAsync(_folder[CsvName + ".gz"]);

        Assert.IsEmpty(read.Trades);
        Assert.Contains("damaged", failure.Message);
    }

    [TestMethod]
    public async Task ReadAsync_GzipWithFlippedBit_FailsBeforeTheFirstTrade()
    {
        var packed = Gzip(Csv(20_000));
        packed[^6] ^= 1;
        await File.WriteAllBytesAsync(_folder[CsvName + ".gz"], packed, TestContext.CancellationToken);

        var (read, failure) = await ReadUntilFailureAsync(_folder[CsvName + ".gz"]);

        Assert.IsEmpty(read.Trades);
        Assert.Contains("damaged", failure.Message);
    }

    [TestMethod]
    public async Task ReadAsync_ZipEntryWithFlippedByte_FailsOnItsCrcBeforeTheFirstTrade()
    {
        // Stored, not compressed: nothing but the CRC can tell.
        var path = Zip(CompressionLevel.NoCompression, (CsvName, Csv(100)));
        var bytes = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        var price = bytes.AsSpan().IndexOf("\n50,2.5"u8);
        bytes[price + 4] = (byte)'9';
        await File.WriteAllBytesAsync(path, bytes, TestContext.CancellationToken);

        var (read, failure) = await ReadUntilFailureAsync(path);

        Assert.IsEmpty(read.Trades);
        Assert.Contains("CRC-32", failure.Message);
    }

    [TestMethod]
    public async Task Open_TruncatedZip_Fails()
    {
        var path = Zip((CsvName, Csv(100)));
        var bytes = await File.ReadAllBytesAsync(path, TestContext.CancellationToken);
        await File.WriteAllBytesAsync(path, bytes[..(bytes.Length / 2)], TestContext.CancellationToken);

        Assert.Contains("damaged", OpenFails(path));
    }

    [TestMethod]
    public void Open_Unusable_SaysWhatToDo()
    {
        Assert.Contains("does not exist", OpenFails(_folder["missing.csv"]));
        Assert.Contains("does not exist", OpenFails(_folder["no/such/folder.csv"]));
        Assert.Contains("known format", OpenFails(Write("notes.txt", "x")));
        Assert.Contains("known format", OpenFails(Write("notes.gz", "x")));
        Assert.Contains("give the symbol", OpenFails(Write("export.csv", "x")));
        Assert.Contains("Give the symbol", OpenFails(Write(new string('X', 100) + "-trades-2026.csv", "x")));
        Assert.Contains("holds no .csv", OpenFails(Zip(("a.txt", "x"))));
        Assert.Contains("cannot be opened", OpenFails(_folder.FullName));
    }

    [TestMethod]
    public async Task ReadAsync_Cancelled_Stops()
    {
        using var file = ReplayFile.Open(Write(CsvName, Csv(10)), _symbols, TimeProvider.System);
        using var cancellation = new CancellationTokenSource();
        await cancellation.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            await foreach (var next in file.ReadAsync(cancellation.Token)) Assert.Fail(next.ToString());
        });
    }

    private static string Csv(int count)
    {
        var text = new StringBuilder();
        for (var id = 0; id < count; id++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{id},2.50000000,2.00000000,5.00000000,{1770076800005000 + id},{(id % 2 == 0 ? "True" : "False")},True\n");
        }

        return text.ToString();
    }

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    private static void AssertIds(Reading read, int count) =>
        CollectionAssert.AreEqual(Enumerable.Range(0, count).Select(id => (long)id).ToArray(),
            read.Trades.Select(trade => trade.TradeId).ToArray());

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder[name], text);
        return _folder[name];
    }

    private string Zip(params (string Name, string Text)[] entries) => Zip(CompressionLevel.Optimal, entries);

    private string Zip(CompressionLevel level, params (string Name, string Text)[] entries)
    {
        var path = _folder["archive.zip"];
        File.Delete(path);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (var (name, text) in entries)
        {
            using var entry = archive.CreateEntry(name, level).Open();
            entry.Write(Encoding.UTF8.GetBytes(text));
        }

        return path;
    }

    private Task WriteChecksumAsync(string path, byte[] content) => File.WriteAllTextAsync(
        path + ".CHECKSUM",
        $"{Convert.ToHexStringLower(SHA256.HashData(content))}  {Path.GetFileName(path)}\n",
        TestContext.CancellationToken);

    private string OpenFails(string path) =>
        Assert.ThrowsExactly<ReplayFileException>(() => ReplayFile.Open(path, _symbols, TimeProvider.System)).Message;

    private async Task<Reading> ReadAsync(string path, string? symbol = null)
    {
        using var file = ReplayFile.Open(path, _symbols, TimeProvider.System, symbol);
        var read = new Reading(file.Counts);
        await read.FillAsync(file, TestContext.CancellationToken);
        return read;
    }

    private async Task<(Reading Read, ReplayFileException Failure)> ReadUntilFailureAsync(string path)
    {
        using var file = ReplayFile.Open(path, _symbols, TimeProvider.System);
        var read = new Reading(file.Counts);
        var failure = await Assert.ThrowsExactlyAsync<ReplayFileException>(() => read.FillAsync(file, TestContext.CancellationToken));
        return (read, failure);
    }

    private sealed class Reading(ReplayCounts counts)
    {
        public List<Trade> Trades { get; } = [];

        public List<DeadLetter> DeadLetters { get; } = [];

        /// <summary>Trade ids and reasons in the order they came.</summary>
        public List<string> Tape { get; } = [];

        public int Batches { get; private set; }

        public long BytesRead { get; private set; }

        public long Length { get; private set; }

        public ReplayCounts Counts { get; } = counts;

        public async Task FillAsync(ReplayFile file, CancellationToken cancellation)
        {
            await foreach (var next in file.ReadAsync(cancellation))
            {
                if (next is TradeBatch batch)
                {
                    Batches++;
                    Assert.IsLessThanOrEqualTo(ReplayLines.BatchSize, batch.Count);
                    foreach (var trade in batch.Trades)
                    {
                        Trades.Add(trade);
                        Tape.Add(trade.TradeId.ToString(CultureInfo.InvariantCulture));
                    }

                    batch.Dispose();
                }
                else
                {
                    var letter = (DeadLetter)next;
                    DeadLetters.Add(letter);
                    Tape.Add(letter.Reason.Name());
                }
            }

            BytesRead = file.BytesRead;
            Length = file.Length;
        }
    }
}
