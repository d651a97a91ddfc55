using System.Runtime.InteropServices;

namespace Crypto.TestSupport;

public enum Signal
{
    /// <summary>SIGINT, what Ctrl+C sends.</summary>
    Interrupt,

    /// <summary>SIGTERM.</summary>
    Terminate,

    /// <summary>SIGSTOP: the process stands still until <see cref="Continue"/>.</summary>
    Stop,

    /// <summary>SIGCONT.</summary>
    Continue,
}

/// <summary>Signals by the system's own calls; a minimal Debian has no program <c>kill</c>, only the shell's builtin.</summary>
public static class Signals
{
    private const nint Default = 0;
    private const nint Ignore = 1;

    /// <exception cref="InvalidOperationException">There is no such process, or it belongs to another user.</exception>
    public static void Send(int processId, Signal signal)
    {
        if (kill(processId, NumberOf(signal)) == 0) return;
        var reason = Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError());
        throw new InvalidOperationException($"{signal} cannot be sent to process {processId}: {reason}");
    }

    /// <summary>
    /// Makes processes that are started from now on receive SIGINT. A shell starts a background job with it ignored
    /// (<c>nohup tests/run.sh &amp;</c>), every descendant inherits that, and .NET respects it.
    /// </summary>
    public static void StopIgnoringInterrupts()
    {
        if (OperatingSystem.IsWindows()) return;
        var interrupt = NumberOf(Signal.Interrupt);

        // The handler comes first in struct sigaction. Any other than "ignore" is the runtime's own, which stays.
        var action = new nint[32];
        if (sigaction(interrupt, 0, action) == 0 && action[0] == Ignore) signal(interrupt, Default);
    }

    private static int NumberOf(Signal signal) => signal switch
    {
        Signal.Interrupt => 2,
        Signal.Terminate => 15,
        Signal.Stop => OperatingSystem.IsMacOS() ? 17 : 19,
        _ => OperatingSystem.IsMacOS() ? 19 : 18,
    };

    [DllImport("libc", SetLastError = true)]
    private static extern int kill(int processId, int signal);

    [DllImport("libc", SetLastError = true)]
    private static extern int sigaction(int signal, nint action, [Out] nint[] former);

    [DllImport("libc", SetLastError = true)]
    private static extern nint signal(int signal, nint handler);
}
