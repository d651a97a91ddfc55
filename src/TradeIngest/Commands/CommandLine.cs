using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;

namespace Crypto.TradeIngest.Commands;

/// <summary>Parses, runs the chosen command, and turns every failure into one clear message and an exit code.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string[] args, params Command[] commands)
    {
        var errors = ErrorReport.Install(args);
        using var stop = new CancellationTokenSource();
        var interrupted = false;
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, isInterrupt: true));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, isInterrupt: false));
        try
        {
            var parsed = Root(commands).Parse(args);
            if (parsed.Action is ParseErrorAction wrongUsage) return await RefuseAsync(parsed, wrongUsage, errors);
            var code = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
            return interrupted ? ExitCode.Interrupted : errors.ExitCodeOf(code);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whichever signal it was: what was asked for is not done.
            return ExitCode.Interrupted;
        }
        catch (Exception failure)
        {
            return errors.Write(failure);
        }

        void Stop(PosixSignalContext context, bool isInterrupt)
        {
            // The command drains and ends by itself; a second signal ends the process at once.
            context.Cancel = !stop.IsCancellationRequested;
            interrupted |= isInterrupt;
            stop.Cancel();
        }
    }

    /// <summary>
    /// Runs work that only reads, and leaves it behind where it does not end soon after a signal: it may wait for a pipe without a reader,
    /// and the end of the process does it no harm.
    /// </summary>
    public static async Task<int> LeavingAsync(Func<CancellationToken, Task<int>> work, CancellationToken stop)
    {
        var running = Task.Run(() => work(stop), CancellationToken.None);
        await Task.WhenAny(running, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        try
        {
            var patience = stop.IsCancellationRequested ? EndingTime : Timeout.InfiniteTimeSpan;
            return await running.WaitAsync(patience, TimeProvider.System, CancellationToken.None);
        }
        catch (TimeoutException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
    }

    /// <summary>Reports something that a command continues after, and returns <see cref="ExitCode.CheckFailed"/> for in the end.</summary>
    public static void WriteError(string message) => ErrorReport.Current.Write(message, ExitCode.CheckFailed);

    private static async Task<int> RefuseAsync(ParseResult parsed, ParseErrorAction wrongUsage, ErrorReport errors)
    {
        const string See = "See: trade-ingest --help, or --help after a command.";
        if (errors.IsJson)
        {
            errors.Write(string.Join(' ', [.. parsed.Errors.Select(error => error.Message), See]), ExitCode.WrongUsage);
            return ExitCode.WrongUsage;
        }

        wrongUsage.ShowHelp = false;
        await parsed.InvokeAsync();
        await Console.Error.WriteLineAsync(See);
        return ExitCode.WrongUsage;
    }

    private static RootCommand Root(Command[] commands)
    {
        var root = new RootCommand(
            "Captures every Binance spot trade of the chosen symbols, lands it in a warehouse, and keeps a star schema current. "
            + "Start with: trade-ingest demo");
        root.Options.Add(CommonOptions.Debug());
        foreach (var command in commands) root.Subcommands.Add(command);
        return root;
    }
}
