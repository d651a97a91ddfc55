using System.Runtime.InteropServices;

namespace Crypto.TestSupport;

/// <summary>
/// Lets the operating system's calls fail for files under one folder, inside this process and below SQLite: its Unix file layer lets
/// its system calls be replaced (<c>xSetSystemCall</c> of <c>sqlite3_vfs</c>). So a full or read-only disk needs no mount and
/// no privilege, and SQLite's own recovery is what runs. Files elsewhere are not touched. One at a time; construct it after SQLite was used.
/// </summary>
public sealed class FailingDisk : IDisposable
{
    private const int NoSpaceLeft = 28;
    private const int InputOutputError = 5;
    private const int ReadOnlyFileSystem = 30;

    // Positions in struct sqlite3_vfs on 64 bits, unchanged since version 3 of it (2011).
    private const int SetSystemCallAt = 144;
    private const int GetSystemCallAt = 152;

    private const int WriteAccess = 3;

    private static readonly SemaphoreSlim One = new(1, 1);

    // Never collected: a thread of another test may have fetched the address of one just before it was taken back.
    private static readonly List<Delegate> KeptAlive = [];

    private readonly nint _vfs = FindVfs();
    private readonly string _folder;
    private readonly List<string> _replaced = [];
    private readonly SetSystemCall _set;
    private volatile int _writeError;
    private long _room = long.MaxValue;
    private volatile bool _isReadOnly;

    public FailingDisk(string folder)
    {
        One.Wait();
        _folder = folder.TrimEnd('/') + '/';
        _set = Marshal.GetDelegateForFunctionPointer<SetSystemCall>(Marshal.ReadIntPtr(_vfs, SetSystemCallAt));
        Replace<PositionedWrite>("pwrite", original => (file, bytes, count, offset) =>
            Refuses(file, count) ? Fail() : Pass(original(file, bytes, count, offset)));
        Replace<PositionedWrite>("pwrite64", original => (file, bytes, count, offset) =>
            Refuses(file, count) ? Fail() : Pass(original(file, bytes, count, offset)));
        Replace<Write>("write", original => (file, bytes, count) => Refuses(file, count) ? Fail() : Pass(original(file, bytes, count)));
        Replace<Open>("open", original => (path, flags, mode) =>
        {
            if (!_isReadOnly || (flags & WriteAccess) == 0 || !IsInside(Marshal.PtrToStringUTF8(path))) return (int)Pass(original(path, flags, mode));
            Marshal.SetLastSystemError(ReadOnlyFileSystem);
            return -1;
        });
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate nint PositionedWrite(int file, nint bytes, nint count, long offset);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate nint Write(int file, nint bytes, nint count);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl, SetLastError = true)]
    private delegate int Open(nint path, int flags, int mode);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int SetSystemCall(nint vfs, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, nint function);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint GetSystemCall(nint vfs, [MarshalAs(UnmanagedType.LPUTF8Str)] string name);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nint VfsFind(nint name);

    /// <summary>From now on the disk is full once this many more bytes were written.</summary>
    public void FillAfter(long bytes)
    {
        Volatile.Write(ref _room, bytes);
        _writeError = NoSpaceLeft;
    }

    /// <summary>From now on every write fails as on a broken device.</summary>
    public void Break()
    {
        Volatile.Write(ref _room, 0);
        _writeError = InputOutputError;
    }

    /// <summary>From now on files cannot be opened for writing.</summary>
    public void MakeReadOnly() => _isReadOnly = true;

    /// <summary>Everything works again.</summary>
    public void Repair()
    {
        _writeError = 0;
        _isReadOnly = false;
    }

    public void Dispose()
    {
        foreach (var name in _replaced) _set(_vfs, name, 0);
        One.Release();
    }

    private static nint FindVfs()
    {
        // The library that the process has loaded already, whichever it chose.
        var libraries = File.ReadLines("/proc/self/maps")
            .Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .Where(path => path.Contains("sqlite3.so", StringComparison.Ordinal))
            .Distinct()
            .OrderByDescending(path => path.Contains("e_sqlite3", StringComparison.Ordinal));
        var library = NativeLibrary.Load(libraries.FirstOrDefault() ?? throw new InvalidOperationException("Use SQLite once before making its disk fail."));
        return Marshal.GetDelegateForFunctionPointer<VfsFind>(NativeLibrary.GetExport(library, "sqlite3_vfs_find"))(0);
    }

    private static nint Pass(nint result)
    {
        // Marshaling may have changed errno since the call; SQLite looks at it.
        Marshal.SetLastSystemError(Marshal.GetLastPInvokeError());
        return result;
    }

    private void Replace<T>(string name, Func<T, T> wrap) where T : Delegate
    {
        var get = Marshal.GetDelegateForFunctionPointer<GetSystemCall>(Marshal.ReadIntPtr(_vfs, GetSystemCallAt));
        var current = get(_vfs, name);
        if (current == 0) return;
        var replacement = wrap(Marshal.GetDelegateForFunctionPointer<T>(current));
        KeptAlive.Add(replacement);
        _replaced.Add(name);
        _set(_vfs, name, Marshal.GetFunctionPointerForDelegate(replacement));
    }

    private bool Refuses(int file, nint count)
    {
        if (_writeError == 0 || !IsInside(File.ResolveLinkTarget($"/proc/self/fd/{file}", returnFinalTarget: false)?.FullName)) return false;
        return Interlocked.Add(ref _room, -count) < 0;
    }

    private bool IsInside(string? path) => path is not null && path.StartsWith(_folder, StringComparison.Ordinal);

    private nint Fail()
    {
        Marshal.SetLastSystemError(_writeError);
        return -1;
    }
}
