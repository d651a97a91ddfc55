using System.Text;
using Crypto.TradeIngest.Workers;
using Crypto.TradeModel.Times;
using Crypto.Warehouse;
using Crypto.Warehouse.Dimension;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Reference.ChangeDataCapture;

/// <summary>
/// Change events in a file, one JSON object per line (see <see cref="ChangeEnvelope"/>), to which a connector or a script appends.
/// Reading it again from its start changes nothing: the same event is the same change.
/// </summary>
internal sealed class ChangeEventFile(string path, ISymbolChangeLog changeLog, TimeProvider clock, ILogger<ChangeEventFile> logger)
{
    private const int MostFaults = 1000;

    private long _position;
    private int _line;
    private long? _refusedAt;

    /// <summary>The first thousand faults met, each with its line number; all are logged.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>What is wrong with the last line, which has no line break yet and is no event so far; null when all was read.</summary>
    public string? Unfinished { get; private set; }

    /// <summary>Looks at the file now and then until canceled.</summary>
    public Task RunAsync(TimeSpan interval, CancellationToken cancellationToken) => Loop.RunAsync(
        async token =>
        {
            await TryApplyNewAsync(token);
            return interval;
        },
        clock, cancellationToken);

    /// <summary>
    /// Applies the lines that were completed since the last call, together. A line that is no event is a fault and the others count; a
    /// file that became shorter is another file and is read from its start.
    /// </summary>
    /// <exception cref="WarehouseException">
    /// The changes would touch more facts than allowed; nothing was applied and the lines are read again.
    /// </exception>
    public async Task<ApplyOutcome> ApplyNewAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(path)) return default;
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        if (file.Length < _position) (_position, _line) = (0, 0);
        file.Position = _position;
        var bytes = new byte[file.Length - _position];
        await file.ReadExactlyAsync(bytes, cancellationToken);

        var (changes, faults, unfinished, lines, consumed) = Read(bytes, _line, Timestamp.Now(clock), cancellationToken);
        foreach (var fault in faults) logger.ChangeEventMalformed(path, fault);
        var outcome = await changeLog.ApplyAsync(changes, cancellationToken);
        Faults.AddRange(faults.Take(MostFaults - Faults.Count));
        Unfinished = unfinished;
        _position += consumed;
        _line += lines;
        return outcome;
    }

    /// <summary>A refused change must not end the capture: it is logged once, and tried again for as long as it is in the file.</summary>
    private async Task TryApplyNewAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ApplyNewAsync(cancellationToken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or StorageException { IsTransient: true })
        {
            logger.ChangeEventsPostponed(path, failure.Message);
        }
        catch (WarehouseException refusal)
        {
            if (_refusedAt != _position) logger.ChangeEventsRefused(path, _line + 1, refusal.Message);

            _refusedAt = _position;
        }
    }

    /// <summary>
    /// The last line counts without a line break too, if it is whole: a half-written one is no JSON and waits for its rest.
    /// </summary>
    private static (List<SymbolChange> Changes, List<string> Faults, string? Unfinished, int Lines, int Consumed) Read(
        byte[] bytes, int line, Timestamp recorded, CancellationToken cancellationToken)
    {
        var changes = new List<SymbolChange>();
        var faults = new List<string>();
        var consumed = 0;
        var lines = 0;
        while (consumed < bytes.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var end = Array.IndexOf(bytes, (byte)'\n', consumed);
            var text = bytes.AsMemory(consumed, (end < 0 ? bytes.Length : end) - consumed);
            try
            {
                if (!string.IsNullOrWhiteSpace(Encoding.UTF8.GetString(text.Span))) changes.AddRange(ChangeEnvelope.Read(text, recorded));
            }
            catch (FormatException fault) when (end < 0)
            {
                return (changes, faults, $"line {line + lines + 1}: {fault.Message}", lines, consumed);
            }
            catch (FormatException fault)
            {
                faults.Add($"line {line + lines + 1}: {fault.Message}");
            }

            lines++;
            consumed = end < 0 ? bytes.Length : end + 1;
        }

        return (changes, faults, null, lines, consumed);
    }
}
