using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Tests;

/// <summary>Keeps what is logged, of every category and level, as it would be printed.</summary>
internal sealed class RecordingLogger : ILoggerProvider, ILogger
{
    public List<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Lines) Lines.Add(formatter(state, exception));
    }

    public void Dispose()
    {
        // Nothing to let go of.
    }
}
