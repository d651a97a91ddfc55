using System.Buffers;
using System.Text;
using System.Text.Json;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Contracts;

/// <summary>
/// The value of one record on the topic <c>capture_state</c>. Readers pass over fields they do not know, so a later version may add
/// some under the same number.
/// <code>
/// {"version":1,"exchange":"BINANCE","ticker":"BTCUSDT","from":1000,"next":5000,"missing":[[1200,1209],[1300,1300]]}
/// </code>
/// </summary>
internal static class CaptureStateJson
{
    public const int Version = 1;

    /// <summary>The record's key: compaction leaves the latest state of each symbol.</summary>
    public static byte[] Key(CaptureState state) => Encoding.UTF8.GetBytes(state.Ticker);

    public static byte[] Write(CaptureState state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteString("exchange", Exchange.Binance);
        writer.WriteString("ticker", state.Ticker);
        writer.WriteNumber("from", state.From);
        writer.WriteNumber("next", state.Next);
        writer.WriteStartArray("missing");
        foreach (var range in state.Missing)
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(range.From);
            writer.WriteNumberValue(range.To);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <inheritdoc cref="ContractVersion.TryRead"/>
    public static ErrorReason TryRead(ReadOnlyMemory<byte> utf8, out CaptureState? state) =>
        ContractVersion.TryRead(utf8, Version, Read, out state);

    private static ErrorReason Read(JsonElement root, out CaptureState? state)
    {
        state = null;
        if (!root.TryGetProperty("ticker"u8, out var ticker) || !root.TryGetProperty("from"u8, out var from)
            || !root.TryGetProperty("next"u8, out var next) || !root.TryGetProperty("missing"u8, out var missing))
        {
            return ErrorReason.MissingField;
        }

        var ranges = new List<IdRange>(missing.GetArrayLength());
        foreach (var range in missing.EnumerateArray()) ranges.Add(new IdRange(range[0].GetInt64(), range[1].GetInt64()));
        var read = new CaptureState(ticker.GetString() ?? "", from.GetInt64(), next.GetInt64(), ranges);
        if (!IsSound(read)) return ErrorReason.NumberOutOfRange;
        state = read;
        return ErrorReason.None;
    }

    // What is not in order could claim ids that are not in the log.
    private static bool IsSound(CaptureState state)
    {
        if (state.Ticker.Length == 0 || state.From < 0 || state.Next < state.From || state.Next > TradeQuality.MaxTradeId + 1) return false;
        var next = state.From;
        foreach (var range in state.Missing)
        {
            if (range.From < next || range.To < range.From || range.To >= state.Next) return false;
            next = range.To + 1;
        }

        return true;
    }
}
