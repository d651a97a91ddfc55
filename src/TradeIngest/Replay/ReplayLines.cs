using Crypto.TradeIngest.Binance.Frames;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Replay;

/// <summary>Turns the lines of one part into batches and dead letters, keeping their order.</summary>
internal sealed class ReplayLines(ReplayPart part, SymbolTable symbols, TimeProvider clock, ReplayCounts counts) : IDisposable
{
    /// <summary>Most trades in one batch.</summary>
    public const int BatchSize = 4096;

    private readonly LineBuffer _lines = new();
    private ArchiveHeader? _header;
    private TradeBatch? _batch;
    private DeadLetter? _held;
    private Timestamp _received;

    /// <summary>Bytes of the last <see cref="FillAsync"/>.</summary>
    public int LastFill => _lines.LastFill;

    /// <summary>Reads on after <see cref="Next"/> ran dry. The lines read count as received now.</summary>
    public async ValueTask<bool> FillAsync(Stream stream, CancellationToken cancellationToken)
    {
        var filled = await _lines.FillAsync(stream, cancellationToken);
        _received = Timestamp.Now(clock);
        return filled;
    }

    /// <inheritdoc cref="LineBuffer.EndHere"/>
    public void EndHere() => _lines.EndHere();

    /// <summary>The next full batch or dead letter, or null when more has to be read first.</summary>
    /// <exception cref="ReplayFileException">The header names other columns than an archive file has.</exception>
    public StreamEvent? Next()
    {
        if (_held is { } held)
        {
            _held = null;
            return held;
        }

        while (_lines.TryTake(out var line))
        {
            if (IsSkipped(ref line))
            {
                counts.SkippedLines++;
                continue;
            }

            if (_lines.LineIsTooLong)
            {
                var detail = $"{_lines.LineLength} bytes, of which the first {line.Length} are kept";
                return Give(Letter(ErrorReason.TooLarge, detail, line) with { Length = _lines.LineLength });
            }

            var arranged = _header is null ? line : _header.Arrange(line);
            var reason = Parse(arranged, out var trade);
            if (reason == ErrorReason.None) counts.Trades++;
            else if (reason is { } fault) return Give(Letter(fault, Explain(fault, arranged), line));
            else continue;

            _batch ??= TradeBatch.Rent(BatchSize);
            _batch.Add(trade);
            if (_batch.Count == BatchSize) return TakeBatch();
        }

        return null;
    }

    /// <summary>The last, unfilled batch, once the stream has ended.</summary>
    public TradeBatch? Rest() => TakeBatch();

    public void Dispose()
    {
        _batch?.Dispose();
        _lines.Dispose();
    }

    // Null for what is understood and no trade.
    private ErrorReason? Parse(ReadOnlySpan<byte> line, out Trade trade)
    {
        if (part.Format == ReplayFormat.ArchiveCsv)
        {
            var fault = ArchiveLine.TryParse(line, part.Symbol!, _received, out trade, out var quoteMatches);
            if (fault == ErrorReason.None && !quoteMatches) counts.QuoteMismatches++;
            return fault;
        }

        var kind = FrameParser.Parse(line, symbols, _received, IngestSource.Replay, out trade, out var reason);
        if (kind is FrameKind.Trade or FrameKind.Failure) return reason;
        counts.OtherFrames++;
        return null;
    }

    private string Explain(ErrorReason fault, ReadOnlySpan<byte> line) =>
        part.Format == ReplayFormat.ArchiveCsv ? ArchiveLine.Explain(line) : fault.Name();

    private bool IsSkipped(ref ReadOnlySpan<byte> line)
    {
        if (_lines.LineNumber == 1)
        {
            // A byte order mark, which some editors leave in front.
            if (line.StartsWith("\uFEFF"u8)) line = line[3..];
            if (part.Format == ReplayFormat.ArchiveCsv && !_lines.LineIsTooLong && ArchiveHeader.IsHeader(line))
            {
                _header = ArchiveHeader.Read(line, part.Name);
                return true;
            }
        }

        return !line.ContainsAnyExcept((byte)' ', (byte)'\t', (byte)'\r') && !_lines.LineIsTooLong;
    }

    private DeadLetter Letter(ErrorReason reason, string fault, ReadOnlySpan<byte> line)
    {
        counts.DeadLetters++;
        return DeadLetter.Of(reason, $"{part.Name}, line {_lines.LineNumber}: {fault}", IngestSource.Replay, _received, line);
    }

    // A dead letter waits for the trades before it.
    private StreamEvent Give(DeadLetter letter)
    {
        if (TakeBatch() is not { } batch) return letter;
        _held = letter;
        return batch;
    }

    private TradeBatch? TakeBatch()
    {
        var batch = _batch;
        _batch = null;
        return batch;
    }
}
