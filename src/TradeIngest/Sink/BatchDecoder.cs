using System.Buffers;
using System.Security.Cryptography;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Loading;
using GapVerdict = Crypto.Warehouse.Loading.GapVerdict;

namespace Crypto.TradeIngest.Sink;

/// <summary>
/// Reads the records of a slice into the batch a warehouse takes. What is no trade is not skipped: it becomes a rejection. The
/// arrays are used again for the next slice.
/// </summary>
internal sealed class BatchDecoder(string epoch, string topic, SymbolTable symbols) : IDisposable
{
    private Trade[] _trades = ArrayPool<Trade>.Shared.Rent(4096);
    private int[] _tradeRecords = ArrayPool<int>.Shared.Rent(4096);

    public WarehouseBatch Decode(ConsumedBatch slice)
    {
        var rejected = new List<RejectedRecord>();
        var verdicts = new List<GapVerdict>();
        var trades = topic == Topics.DeadLetters ? DecodeDeadLetters(slice, rejected) : DecodeTrades(slice, rejected, verdicts);
        return new WarehouseBatch
        {
            Partition = new LogPartition(epoch, topic, slice.Partition),
            FromOffset = slice.FromOffset,
            NextOffset = slice.NextOffset,
            Records = slice.Records,
            Trades = _trades.AsMemory(0, trades),
            TradeRecords = _tradeRecords.AsMemory(0, trades),
            Verdicts = verdicts,
            Rejected = rejected,
            KeepRaw = topic != Topics.DeadLetters,
        };
    }

    public void Dispose()
    {
        ArrayPool<Trade>.Shared.Return(Interlocked.Exchange(ref _trades, []));
        ArrayPool<int>.Shared.Return(Interlocked.Exchange(ref _tradeRecords, []));
    }

    private int DecodeTrades(ConsumedBatch slice, List<RejectedRecord> rejected, List<GapVerdict> verdicts)
    {
        Reserve(slice.Records.Length);
        var records = slice.Records.Span;
        var count = 0;
        for (var i = 0; i < records.Length; i++)
        {
            var reason = TradeJson.TryRead(records[i].Value.Span, symbols, out _trades[count]);
            if (reason == ErrorReason.None) _tradeRecords[count++] = i;
            else if (TryReadVerdict(records[i], i, out var verdict)) verdicts.Add(verdict);
            else rejected.Add(Foreign(records[i], reason, "the record is no trade of a contract version known here"));
        }

        return count;
    }

    private bool TryReadVerdict(in RawRecord record, int index, out GapVerdict verdict)
    {
        verdict = default;
        if (!GapVerdictJson.IsLikely(record.Value.Span)
            || GapVerdictJson.TryRead(record.Value, out var recorded) != ErrorReason.None
            || !symbols.TryIntern(System.Text.Encoding.UTF8.GetBytes(recorded!.Ticker), out var symbol))
        {
            return false;
        }

        verdict = new GapVerdict(index, symbol, recorded.Ids, recorded.State);
        return true;
    }

    private static int DecodeDeadLetters(ConsumedBatch slice, List<RejectedRecord> rejected)
    {
        foreach (var record in slice.Records.Span)
        {
            var reason = DeadLetterJson.TryRead(record.Value, out var letter);
            rejected.Add(letter is null
                ? Foreign(record, reason, "the record is no dead letter of a contract version known here")
                : new RejectedRecord(record.Offset, letter.Reason, letter.Detail, letter.ReceivedTime, letter.Payload, IdentityOf(letter)));
        }

        return 0;
    }

    private static RejectedRecord Foreign(in RawRecord record, ErrorReason reason, string detail) =>
        new(record.Offset, reason, detail, record.AppendedTime, record.Value);

    // A file's bad line is the same bad line when the file is read again; a live stream repeats itself only by accident.
    private static string? IdentityOf(DeadLetter letter)
    {
        if (letter.Source != IngestSource.Replay) return null;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(letter.Detail));
        hash.AppendData([0]);
        hash.AppendData(letter.Payload);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void Reserve(int count)
    {
        if (count <= _trades.Length && count <= _tradeRecords.Length) return;
        Dispose();
        _trades = ArrayPool<Trade>.Shared.Rent(count);
        _tradeRecords = ArrayPool<int>.Shared.Rent(count);
    }
}
