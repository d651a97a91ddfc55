using System.Runtime.CompilerServices;
using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Replay;

/// <summary>A dead letter and where it stands.</summary>
internal sealed record StoredLetter(int Partition, long Offset, DeadLetter Letter);

/// <param name="Read">Dead letters looked at; a summary counts for all it stands for.</param>
/// <param name="Replayed">Those whose bytes are a trade now; appended to the trades.</param>
/// <param name="Remaining">Those whose bytes are still none, or were not kept.</param>
internal readonly record struct DeadLetterReplay(long Read, long Replayed, long Remaining);

/// <summary>Reads the topic <c>stock_trades_dlq</c> from its first record kept to its present end.</summary>
internal sealed class DeadLetters(ITradeLog log)
{
    private const int RecordsPerRead = 1024;

    // Not larger than what the service itself appends at once.
    private const int BytesPerAppend = 4 << 20;

    /// <param name="reason">Only those with this reason; null for all.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async IAsyncEnumerable<StoredLetter> ReadAsync(ErrorReason? reason, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var partition = 0; partition < log.PartitionsOf(Topics.DeadLetters); partition++)
        {
            var range = await log.OffsetsAsync(Topics.DeadLetters, partition, cancellationToken);
            if (range.Count == 0) continue;
            await using var reader = log.OpenReader(Topics.DeadLetters, new Dictionary<int, long> { [partition] = range.First });
            while (reader.TryRead(RecordsPerRead) is { } slice)
            {
                cancellationToken.ThrowIfCancellationRequested();
                for (var i = 0; i < slice.Records.Length; i++)
                {
                    var letter = LetterOf(slice.Records.Span[i]);
                    if (reason is null || letter.Reason == reason) yield return new StoredLetter(
                        partition, slice.Records.Span[i].Offset, letter);
                }

                // What is appended meanwhile, by a replay even, is for the next time.
                if (slice.NextOffset >= range.Next) break;
            }
        }
    }

    /// <summary>
    /// Parses the bytes again and appends what is a trade now, as received when it was. May be repeated: the warehouse stores a trade once.
    /// </summary>
    public async Task<DeadLetterReplay> ReplayAsync(ErrorReason? reason, CancellationToken cancellationToken)
    {
        var symbols = new SymbolTable();
        using var trades = new RecordBatch();
        long read = 0, replayed = 0;
        await foreach (var (_, _, letter) in ReadAsync(reason, cancellationToken))
        {
            read += letter.Count;

            // One that was not asked for is no trade to be stored, unless that reason is named.
            if (!letter.IsWhole || (letter.Reason == ErrorReason.NotSubscribed && reason is null)) continue;
            var kind = FrameParser.Parse(letter.Payload, symbols, letter.ReceivedTime, IngestSource.Replay, out var trade, out _);
            if (kind != FrameKind.Trade) continue;
            trades.End(TradeJson.Write(trade, trades.Begin(trade.Symbol.Utf8, TradeJson.MaxLength)));
            replayed++;
            if (trades.Bytes < BytesPerAppend) continue;
            await log.AppendAsync(Topics.StockTrades, trades, cancellationToken);
            trades.Clear();
        }

        await log.AppendAsync(Topics.StockTrades, trades, cancellationToken);
        return new DeadLetterReplay(read, replayed, read - replayed);
    }

    // A record that is itself unreadable is shown as such.
    private static DeadLetter LetterOf(in Warehouse.Loading.RawRecord record)
    {
        var reason = DeadLetterJson.TryRead(record.Value, out var letter);
        return letter ?? DeadLetter.Of(
            reason, "the record is no dead letter of a contract version known here", IngestSource.Replay, record.AppendedTime,
            record.Value.Span);
    }
}
