using Crypto.TradeIngest.Contracts;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Contract;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Sink;

/// <summary>Records as the pipeline writes them.</summary>
internal static class SinkRecords
{
    public static byte[] Of(in Trade trade)
    {
        var value = new byte[TradeJson.MaxLength];
        return value[..TradeJson.Write(trade, value)];
    }

    public static byte[] Letter(byte[] payload, string detail = "frame 1", IngestSource source = IngestSource.Stream) =>
        DeadLetterJson.Write(new DeadLetter(ErrorReason.MalformedJson, detail, source, new Timestamp(1_770_076_800_000_000), payload));

    public static async Task AppendAsync(this ITradeLog log, string topic, CancellationToken cancellationToken, params byte[][] values)
    {
        using var batch = new RecordBatch();
        foreach (var value in values) batch.Add("key"u8, value);
        await log.AppendAsync(topic, batch, cancellationToken);
    }
}
