using System.Buffers;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>
/// Decides which dead letters are written one by one, and adds up the others by reason: how many, how many bytes, when, and a few samples.
/// So a flood costs neither memory nor disk, and every letter is still counted. Not thread-safe.
/// </summary>
internal sealed class DeadLetterFlood(DeadLetterOptions options, TimeProvider clock)
{
    /// <summary>What the detail of a summary starts with; the number of letters follows.</summary>
    public const string DetailStart = "summary of ";

    private const int Samples = 4;

    private readonly Dictionary<(ErrorReason, IngestSource), Tally> _held = [];
    private long _windowStart;
    private int _letters;
    private long _bytes;

    /// <summary>Whether letters wait to be summarized.</summary>
    public bool IsHolding => _held.Count > 0;

    /// <summary>How many.</summary>
    public long Held => _held.Values.Sum(tally => tally.Count);

    /// <summary>
    /// Whether this one is within the window's bounds, and counts it if so. A file's always is: a file can wait, and read again its lines
    /// are the same letters.
    /// </summary>
    public bool Admits(DeadLetter letter)
    {
        if (letter.Source == IngestSource.Replay) return true;
        var now = clock.GetTimestamp();
        if (_letters == 0 || clock.GetElapsedTime(_windowStart, now) >= options.Window) (_windowStart, _letters, _bytes) = (now, 0, 0);
        if (_letters >= options.Letters || _bytes + letter.Payload.Length > options.Bytes) return false;
        _letters++;
        _bytes += letter.Payload.Length;
        return true;
    }

    /// <summary>Counts a letter that is not written by itself.</summary>
    public void Hold(DeadLetter letter)
    {
        if (_held.TryGetValue((letter.Reason, letter.Source), out var tally)) tally.Add(letter, options.PayloadBytes / Samples);
        else _held.Add((letter.Reason, letter.Source), new Tally(letter, options.PayloadBytes / Samples));
    }

    /// <summary>One summary by reason and source of what was held since the last call; a letter that is alone stays as it was.</summary>
    public List<DeadLetter> Take()
    {
        var summaries = _held.Values.Select(tally => tally.ToLetter()).ToList();
        _held.Clear();
        return summaries;
    }

    private sealed class Tally
    {
        private readonly DeadLetter _first;
        private readonly ArrayBufferWriter<byte> _samples = new();
        private long _length;
        private Timestamp _lastTime;

        public Tally(DeadLetter first, int sampleBytes)
        {
            _first = first;
            Add(first, sampleBytes);
        }

        public long Count { get; private set; }

        public void Add(DeadLetter letter, int sampleBytes)
        {
            if (Count < Samples)
            {
                if (Count > 0) _samples.Write("\n"u8);
                _samples.Write(letter.Payload.AsSpan(0, Math.Min(letter.Payload.Length, sampleBytes - 1)));
            }

            Count += letter.Count;
            _length += letter.Length;
            _lastTime = letter.ReceivedTime;
        }

        public DeadLetter ToLetter() => Count == 1 ? _first : new DeadLetter(
            _first.Reason,
            $"{DetailStart}{Count} dead letters with {_length} bytes, received from {_first.ReceivedTime} to {_lastTime}; "
            + $"samples of {Math.Min(Count, Samples)} are kept. The first: {_first.Detail}",
            _first.Source, _lastTime, _samples.WrittenSpan.ToArray())
        {
            Count = Count,
            Length = _length,
            FirstTime = _first.ReceivedTime,
        };
    }
}
