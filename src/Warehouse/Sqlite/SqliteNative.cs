using System.Reflection;
using System.Runtime.InteropServices;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Chooses the native library: the system's <c>libsqlite3.so.0</c> where there is one, since the distribution patches it, else the
/// copy the package brings. <c>CRYPTO_SQLITE=bundled</c> in the environment asks for the latter.
/// </summary>
internal static class SqliteNative
{
    private static readonly Lock Gate = new();
    private static bool _initialized;

    public static void Initialize()
    {
        lock (Gate)
        {
            if (_initialized) return;
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
            SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());

            // A connection is used by one thread at a time, and nobody asks how much memory there is: no lock per call, a tenth of a
            // load. Where SQLite was in use before, its settings stay as they are.
            SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MULTITHREAD);
            SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MEMSTATUS, 0);
            _initialized = true;
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        // Zero hands the search back to the runtime, which finds the packaged library.
        if (name != "e_sqlite3" || !OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("CRYPTO_SQLITE") == "bundled") return 0;
        return NativeLibrary.TryLoad("libsqlite3.so.0", out var handle) && IsRecent(handle) ? handle : 0;
    }

    // Older than the bundled one is no gain.
    private static bool IsRecent(nint handle) =>
        NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var export)
        && Marshal.GetDelegateForFunctionPointer<VersionNumber>(export)() > 3_035_005;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
