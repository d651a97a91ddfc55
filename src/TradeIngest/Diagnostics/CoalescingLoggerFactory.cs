using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// Keeps floods out of the messages: of one kind (category, level and template) the first ten of a second are passed on, the others
/// are counted, and one line follows with their number and the first of them. A text is cut after 4,096 characters, since parts of it
/// may come from outside.
/// </summary>
internal sealed class CoalescingLoggerFactory : ILoggerFactory
{
    private const int LinesPerSecond = 10;
    private const int MaxLength = 4096;

    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly ILoggerFactory _inner;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private Dictionary<(string Category, LogLevel Level, string Template), Kind> _kinds = [];

    public CoalescingLoggerFactory(ILoggerFactory inner, TimeProvider clock)
    {
        _inner = inner;
        _timer = clock.CreateTimer(_ => EndWindow(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public ILogger CreateLogger(string categoryName) => new CoalescingLogger(this, categoryName, _inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => _inner.AddProvider(provider);

    public void Dispose()
    {
        _timer.Dispose();
        EndWindow();
        _inner.Dispose();
    }

    private static string Shorten(string text) =>
        text.Length <= MaxLength ? text : $"{text.AsSpan(0, MaxLength)}… ({text.Length} characters)";

    // One window for all kinds, from the first message of any on: what is forgotten at its end needs no bound of its own.
    private void EndWindow()
    {
        Dictionary<(string Category, LogLevel Level, string Template), Kind> ended;
        lock (_gate) (ended, _kinds) = (_kinds, []);
        foreach (var ((_, level, _), kind) in ended)
        {
            if (kind.FirstHeld is not { } first) continue;
            var text = kind.Held == 1 ? first : string.Create(
                CultureInfo.InvariantCulture, $"{kind.Held} more of these within {Window}, the first: {first}");
            kind.Logger.Log(level, kind.EventId, text, null, static (text, _) => text);
        }
    }

    private bool Passes((string Category, LogLevel Level, string Template) key, EventId eventId, ILogger logger, Func<string> text)
    {
        lock (_gate)
        {
            if (_kinds.Count == 0) _timer.Change(Window, Timeout.InfiniteTimeSpan);
            if (!_kinds.TryGetValue(key, out var kind)) _kinds.Add(key, kind = new Kind(logger, eventId));
            if (kind.Passed < LinesPerSecond)
            {
                kind.Passed++;
                return true;
            }

            kind.Held++;
            kind.FirstHeld ??= text();
            return false;
        }
    }

    private sealed class Kind(ILogger logger, EventId eventId)
    {
        public ILogger Logger { get; } = logger;

        public EventId EventId { get; } = eventId;

        public int Passed { get; set; }

        public long Held { get; set; }

        public string? FirstHeld { get; set; }
    }

    private sealed class CoalescingLogger(CoalescingLoggerFactory factory, string category, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!inner.IsEnabled(logLevel)) return;
            var template = state is IReadOnlyList<KeyValuePair<string, object?>> { Count: > 0 } values ? values[^1].Value as string : null;
            if (factory.Passes((category, logLevel, template ?? ""), eventId, inner, () => Shorten(formatter(state, exception))))
            {
                inner.Log(logLevel, eventId, state, exception, (values, cause) => Shorten(formatter(values, cause)));
            }
        }
    }
}
