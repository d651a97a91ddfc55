using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests;

/// <summary>The real executable in a process of its own.</summary>
internal sealed class TradeIngestProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    static TradeIngestProcess() => Signals.StopIgnoringInterrupts();

    private TradeIngestProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <summary>Most bytes of memory it ever had at once.</summary>
    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public static string Executable { get; } = Path.Combine(
        AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "trade-ingest.exe" : "trade-ingest");

    public static TradeIngestProcess Start(string workingFolder, params string[] arguments) =>
        Start(workingFolder, new Dictionary<string, string>(), arguments);

    public static TradeIngestProcess Start(
        string workingFolder, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        StartProgram(Executable, workingFolder, environment, arguments);

    /// <summary>Another program beside it.</summary>
    public static TradeIngestProcess StartProgram(
        string program, string workingFolder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new TradeIngestProcess(Process.Start(start)!);
    }

    public static Task<Result> RunAsync(string workingFolder, params string[] arguments) =>
        RunAsync(workingFolder, new Dictionary<string, string>(), arguments);

    public static async Task<Result> RunAsync(
        string workingFolder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        await using var process = Start(workingFolder, environment, arguments);
        return await process.WaitAsync();
    }

    /// <summary>Waits for the end, for minutes at most.</summary>
    public async Task<Result> WaitAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"No end after {Patience}. Output: {_output} Errors: {_errors}", late);
        }

        lock (_output) return new Result(_process.ExitCode, _output.ToString(), _errors.ToString());
    }

    /// <summary>What was printed as errors and messages so far.</summary>
    public string Errors
    {
        get
        {
            lock (_output) return _errors.ToString();
        }
    }

    /// <summary>Waits until what was printed so far makes the condition true.</summary>
    public Task<string> WaitForOutputAsync(Predicate<string> condition) => WaitForAsync(_output, condition);

    /// <summary>The same for what was printed as errors and messages.</summary>
    public Task<string> WaitForErrorsAsync(Predicate<string> condition) => WaitForAsync(_errors, condition);

    private async Task<string> WaitForAsync(StringBuilder text, Predicate<string> condition)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            lock (_output)
            {
                if (condition(text.ToString())) return text.ToString();
            }

            if (_process.HasExited)
            {
                throw new InvalidOperationException(
                    $"Ended with {_process.ExitCode} before it printed what was waited for: {_output} {_errors}");
            }

            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>Waits until the process has a file open, on Linux: then it has begun its work.</summary>
    public async Task WaitForOpenAsync(string path)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        using var limit = new CancellationTokenSource(Patience);
        while (!OpenFiles().Contains(path, StringComparer.Ordinal))
        {
            if (_process.HasExited) throw new InvalidOperationException(
                $"Ended with {_process.ExitCode} before it opened {path}: {_output} {_errors}");
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    /// <summary>SIGKILL: nothing in the process gets to run any more.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Signal(Signal signal)
    {
        if (_process.HasExited) throw new AssertFailedException($"Ended by itself with {_process.ExitCode}: {_output} {_errors}");
        Signals.Send(_process.Id, signal);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private IEnumerable<string?> OpenFiles()
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{_process.Id}/fd").EnumerateFiles().Select(file => file.LinkTarget)];
        }
        catch (IOException)
        {
            // One of them was closed meanwhile, or the process ended.
            return [];
        }
    }

    private void Append(StringBuilder text, string? line)
    {
        if (line is null) return;
        lock (_output) text.AppendLine(line);
    }

    /// <summary>How a process ended.</summary>
    internal sealed record Result(int ExitCode, string Output, string Errors)
    {
        public JsonElement Json
        {
            get
            {
                try
                {
                    return JsonDocument.Parse(Output).RootElement;
                }
                catch (JsonException failure)
                {
                    throw new AssertFailedException($"No JSON: {Output} {Errors}", failure);
                }
            }
        }

        public Result ShouldExitWith(int expected)
        {
            Assert.AreEqual(expected, ExitCode, $"Output: {Output} Errors: {Errors}");
            return this;
        }
    }
}
