namespace Crypto.TradeIngest.Commands;

/// <summary>
/// How far a long piece of work has come, on standard error: a line of a terminal that is written over twice a second and removed at the
/// end. Elsewhere nothing, or a line now and then.
/// </summary>
internal sealed class ProgressLine : IProgress<long>, IDisposable
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan InLog = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _clock;
    private readonly TextWriter _output;
    private readonly bool _isTerminal;
    private readonly string _unit;
    private readonly long _started;
    private readonly ITimer? _timer;
    private readonly Lock _writing = new();
    private long _count;
    private int _shown;
    private bool _isDisposed;

    /// <param name="unit">What is counted, in the plural.</param>
    /// <param name="inLogs">Whether to tell now and then where standard error is no terminal.</param>
    public ProgressLine(string unit, bool inLogs) : this(unit, inLogs, Console.Error, !Console.IsErrorRedirected, TimeProvider.System)
    {
    }

    internal ProgressLine(string unit, bool inLogs, TextWriter output, bool isTerminal, TimeProvider clock)
    {
        _unit = unit;
        _output = output;
        _isTerminal = isTerminal;
        _clock = clock;
        _started = clock.GetTimestamp();
        var interval = isTerminal ? OnTerminal : InLog;
        if (isTerminal || inLogs) _timer = clock.CreateTimer(_ => Show(), null, interval, interval);
    }

    /// <summary>Cheap enough for every row.</summary>
    public void Report(long value) => Volatile.Write(ref _count, value);

    public void Dispose()
    {
        _timer?.Dispose();
        lock (_writing)
        {
            _isDisposed = true;
            if (_shown > 0 && _isTerminal) _output.Write($"\r{new string(' ', _shown)}\r");
            _shown = 0;
        }
    }

    private void Show()
    {
        lock (_writing)
        {
            if (_isDisposed) return;
            var (count, elapsed) = (Volatile.Read(ref _count), _clock.GetElapsedTime(_started));
            var text = $"{Output.Count(count)} {_unit} in {elapsed.TotalSeconds:0.0} s, "
                + $"{Output.Count((long)(count / elapsed.TotalSeconds))} a second";
            if (_isTerminal) _output.Write($"\r{text.PadRight(_shown)}");
            else _output.WriteLine(text);
            _shown = text.Length;
        }
    }
}
