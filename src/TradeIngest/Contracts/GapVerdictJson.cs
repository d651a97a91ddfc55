using System.Buffers;
using System.Text.Json;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Coverage;

namespace Crypto.TradeIngest.Contracts;

/// <summary>
/// The value of a record on the topic <c>stock_trades</c> that is no trade but says what became of missing ones, under the key of their
/// symbol. The verdict is <c>EXCHANGE_HOLE</c> or <c>OUT_OF_REACH</c>, times are UTC microseconds.
/// <code>
/// {"version":1,"verdict":"EXCHANGE_HOLE","exchange":"BINANCE","symbol":"BTCUSDT","from_id":1200,"to_id":1209,"reason":"…",
///  "decided_time":1790446152701233}
/// </code>
/// A record with a <c>verdict</c> is never a trade: it has no <c>trade_id</c>.
/// </summary>
internal static class GapVerdictJson
{
    public const int Version = 1;

    public static byte[] Write(GapVerdict verdict)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("version", Version);
        writer.WriteString("verdict", StateOf(verdict).Name());
        writer.WriteString("exchange", Exchange.Binance);
        writer.WriteString("symbol", verdict.Symbol.Ticker);
        writer.WriteNumber("from_id", verdict.Ids.From);
        writer.WriteNumber("to_id", verdict.Ids.To);
        writer.WriteString("reason", verdict.Reason);
        writer.WriteNumber("decided_time", verdict.At.Microseconds);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Whether a record that is no trade may be a verdict: cheap, so that a flood of others costs little.</summary>
    public static bool IsLikely(ReadOnlySpan<byte> utf8) => utf8.IndexOf("\"verdict\""u8) >= 0;

    /// <inheritdoc cref="ContractVersion.TryRead"/>
    public static ErrorReason TryRead(ReadOnlyMemory<byte> utf8, out RecordedVerdict? verdict) =>
        ContractVersion.TryRead(utf8, Version, Read, out verdict);

    private static ErrorReason Read(JsonElement root, out RecordedVerdict? verdict)
    {
        verdict = null;
        if (!root.TryGetProperty("verdict"u8, out var name) || !root.TryGetProperty("symbol"u8, out var symbol)
            || !root.TryGetProperty("from_id"u8, out var from) || !root.TryGetProperty("to_id"u8, out var to))
        {
            return ErrorReason.MissingField;
        }

        CoverageState? state = name.GetString() switch
        {
            "EXCHANGE_HOLE" => CoverageState.ExchangeHole,
            "OUT_OF_REACH" => CoverageState.OutOfReach,
            _ => null,
        };
        if (state is not { } known) return ErrorReason.UnknownEvent;
        var ids = new IdRange(from.GetInt64(), to.GetInt64());
        if (ids.From < 0 || ids.To < ids.From || ids.To > TradeQuality.MaxTradeId) return ErrorReason.NumberOutOfRange;
        verdict = new RecordedVerdict(symbol.GetString() ?? "", ids, known);
        return ErrorReason.None;
    }

    private static CoverageState StateOf(GapVerdict verdict) =>
        verdict is ExchangeHole ? CoverageState.ExchangeHole : CoverageState.OutOfReach;
}

/// <summary>A verdict as a record tells it.</summary>
internal sealed record RecordedVerdict(string Ticker, IdRange Ids, CoverageState State);
