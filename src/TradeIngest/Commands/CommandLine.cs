using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using Crypto.TradeIngest.Binance;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Replay;
using Crypto.Warehouse;
using Crypto.Warehouse.Snowflake;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>Parses, runs the chosen command, and turns every expected failure into one clear message and an exit code.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(2);

    public static async Task<int> RunAsync(string[] args, params Command[] commands)
    {
        var root = new RootCommand(
            "Captures every Binance spot trade of the chosen symbols, lands it in a warehouse, and keeps a star schema current. "
            + "Start with: trade-ingest demo");
        foreach (var command in commands) root.Subcommands.Add(command);

        var parsed = root.Parse(args);
        if (parsed.Action is ParseErrorAction wrongUsage)
        {
            wrongUsage.ShowHelp = false;
            await parsed.InvokeAsync();
            await Console.Error.WriteLineAsync("See: trade-ingest --help, or --help after a command.");
            return ExitCode.WrongUsage;
        }

        using var stop = new CancellationTokenSource();
        var interrupted = false;
        using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, isInterrupt: true));
        using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, isInterrupt: false));
        try
        {
            var code = await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, stop.Token);
            return interrupted ? ExitCode.Interrupted : code;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Whichever signal it was: what was asked for is not done.
            return ExitCode.Interrupted;
        }
        catch (Exception failure) when (CodeOf(failure) is { } code)
        {
            WriteError(failure.Message);
            return code;
        }

        void Stop(PosixSignalContext context, bool isInterrupt)
        {
            // The command drains and ends by itself; a second signal finds nobody to hold it back.
            context.Cancel = !stop.IsCancellationRequested;
            interrupted |= isInterrupt;
            stop.Cancel();
        }
    }

    /// <summary>
    /// Runs work that only reads, and leaves it behind where it does not end soon after a signal: it may wait for a pipe that nobody reads,
    /// and the end of the process does it no harm.
    /// </summary>
    public static async Task<int> LeavingAsync(Func<CancellationToken, Task<int>> work, CancellationToken stop)
    {
        var running = Task.Run(() => work(stop), CancellationToken.None);
        await Task.WhenAny(running, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop));
        try
        {
            return await running.WaitAsync(stop.IsCancellationRequested ? EndingTime : Timeout.InfiniteTimeSpan, TimeProvider.System, CancellationToken.None);
        }
        catch (TimeoutException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
    }

    public static void WriteError(string message) => Output.Errors().MarkupLineInterpolated($"[red]error:[/] {message}");

    private static int? CodeOf(Exception failure) => failure switch
    {
        WarehouseException { IsTransient: true } => ExitCode.Unreachable,
        ConfigurationException or ReplayFileException or WarehouseException or LogException { IsConfiguration: true } => ExitCode.WrongUsage,
        StorageException { Fault: StorageFault.ReadOnly or StorageFault.Missing } => ExitCode.WrongUsage,
        SnowflakeException { Fault: SnowflakeFault.Unreachable } => ExitCode.Unreachable,
        SnowflakeException => ExitCode.WrongUsage,
        StorageException or ExchangeException or LogException => ExitCode.Unreachable,
        _ => null,
    };
}
