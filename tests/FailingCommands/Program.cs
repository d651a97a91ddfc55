using System.CommandLine;
using System.Runtime.CompilerServices;
using Crypto.TradeIngest.Commands;
using Crypto.TradeIngest.Diagnostics;

// The command line of trade-ingest with commands that fail in ways none of its own should: each takes the message of its exception.
return await CommandLine.RunAsync(
    args,
    Failing("command", message => throw new KeyNotFoundException(message)),
    Failing("several", message => throw new AggregateException(new AggregateException(new TimeoutException(message)))),
    Failing("thread", async message =>
    {
        var thread = new Thread(() => throw new NotSupportedException(message)) { IsBackground = true };
        thread.Start();
        await Forever();
    }),
    Failing("pool", async message =>
    {
        ThreadPool.QueueUserWorkItem(_ => throw new DivideByZeroException(message));
        await Forever();
    }),
    Failing("timer", async message =>
    {
        await using var timer = TimeProvider.System.CreateTimer(
            _ => throw new InvalidCastException(message), null, TimeSpan.Zero, TimeSpan.Zero);
        await Forever();
    }),
    Failing("task", message =>
    {
        Abandon(message);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Task.CompletedTask;
    }),
    Failing("secret", message =>
    {
        Secrets.Keep(message);
        throw new InvalidOperationException($"The secret is {message}.", new InvalidDataException($"Indeed: {message}."));
    }));

static Command Failing(string name, Func<string, Task> fail)
{
    var message = new Argument<string>("MESSAGE");
    var command = new Command(name) { message, CommonOptions.Json() };
    command.SetAction(async parsed =>
    {
        await fail(parsed.GetValue(message)!);
        return ExitCode.Ok;
    });
    return command;
}

static Task Forever() => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);

// In a frame of its own, so that nothing holds the task any more.
[MethodImpl(MethodImplOptions.NoInlining)]
static void Abandon(string message) => _ = Task.FromException(new FormatException(message));
