using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Diagnostics;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Streams;
using Crypto.Warehouse;
using Crypto.Warehouse.Snowflake;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>
/// Reports failures on standard error, without secrets: a sentence for people, or with <c>--json</c> one line
/// <c>{"error":{"message":"…","exit_code":2}}</c>; with <c>--debug</c> also the stack. What no command expects ends here too, whatever
/// thread it is thrown on: exit code 3, never an abort.
/// </summary>
internal sealed class ErrorReport
{
    private static readonly Lock Gate = new();

    private readonly bool _debug;
    private volatile bool _hasUnobserved;

    private ErrorReport(bool json, bool debug)
    {
        IsJson = json;
        _debug = debug;
    }

    /// <summary>The one of this process.</summary>
    public static ErrorReport Current { get; private set; } = new(json: false, debug: false);

    public bool IsJson { get; }

    /// <summary>Takes over standard error, and the failures that nothing catches.</summary>
    public static ErrorReport Install(string[] args)
    {
        foreach (var argument in args) Secrets.KeepParts(argument);
        Console.SetError(new MaskedWriter(Console.Error));
        var report = new ErrorReport(Has(CommonOptions.JsonName), Has(CommonOptions.DebugName));
        AppDomain.CurrentDomain.UnhandledException += (_, failure) => Environment.Exit(report.Write((Exception)failure.ExceptionObject));
        TaskScheduler.UnobservedTaskException += (_, failure) => report.NoteUnobserved(failure);
        return Current = report;

        // Wrong arguments are reported in the form asked for too.
        bool Has(string option) => args.Any(argument => argument == option || argument == option + "=true");
    }

    /// <summary>What the process returns after its command returned <paramref name="code"/>: an unobserved failure counts too.</summary>
    public int ExitCodeOf(int code) => code == ExitCode.Ok && _hasUnobserved ? ExitCode.Unreachable : code;

    /// <returns>The exit code for it.</returns>
    public int Write(Exception failure)
    {
        while (failure is AggregateException { InnerException: { } inner }) failure = inner;
        var expected = CodeOf(failure);
        var code = expected ?? ExitCode.Unreachable;
        Write(expected is null ? Describe(failure) : failure.Message, code, failure);
        return code;
    }

    [SuppressMessage("Design", "CA1031", Justification = "Where standard error takes no message, only the exit code is left.")]
    public void Write(string message, int exitCode, Exception? failure = null)
    {
        try
        {
            var error = new Error(Secrets.Mask(message), exitCode, _debug && failure is not null ? Secrets.Mask(failure.ToString()) : null);
            lock (Gate)
            {
                if (IsJson) Console.Error.WriteLine(JsonSerializer.Serialize(new { error }, MachineJson.Line));
                else WriteText(error);
            }
        }
        catch (Exception)
        {
            // A closed or full standard error.
        }
    }

    private static void WriteText(Error error)
    {
        Output.Errors().MarkupLineInterpolated($"[red]error:[/] {error.Message}");
        if (error.Stack is not null) Console.Error.WriteLine(error.Stack);
    }

    private static string Describe(Exception failure) => failure switch
    {
        IOException or UnauthorizedAccessException =>
            $"Something cannot be read or written: {failure.Message.TrimEnd('.')}. "
            + "Check the disk, the permissions and where the output goes; run with --debug for the stack.",
        _ => $"Unexpected {failure.GetType().Name}: {failure.Message.TrimEnd('.')}. Stored data is intact; run with --debug for the stack.",
    };

    private void NoteUnobserved(UnobservedTaskExceptionEventArgs failure)
    {
        failure.SetObserved();
        _hasUnobserved = true;
        Write(failure.Exception);
    }

    private static int? CodeOf(Exception failure) => failure switch
    {
        WarehouseException { IsTransient: true } => ExitCode.Unreachable,
        ConfigurationException or ReplayFileException or WarehouseException or LogException { IsConfiguration: true } =>
            ExitCode.WrongUsage,
        StorageException { Fault: StorageFault.ReadOnly or StorageFault.Missing } => ExitCode.WrongUsage,
        SnowflakeException { Fault: SnowflakeFault.Unreachable } => ExitCode.Unreachable,
        SnowflakeException => ExitCode.WrongUsage,
        StorageException or ExchangeException or LogException => ExitCode.Unreachable,
        _ => null,
    };

    private sealed record Error(
        string Message, int ExitCode, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Stack);
}
