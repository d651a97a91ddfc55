using System.Reflection;
using System.Runtime.InteropServices;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Chooses the native library: the system's <c>libsqlite3.so.0</c> where there is one, since the distribution patches it, else the
/// copy the package brings. <c>CRYPTO_SQLITE=bundled</c> in the environment asks for the latter.
/// </summary>
internal static class SqliteNative
{
    private const string Library = "e_sqlite3";

    // SQLITE_FCNTL_HAS_MOVED
    private const int HasMovedControl = 20;

    private static readonly Lock Gate = new();
    private static bool _initialized;

    public static void Initialize()
    {
        lock (Gate)
        {
            if (_initialized) return;
            NativeLibrary.SetDllImportResolver(typeof(SqliteNative).Assembly, Resolve);
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, Resolve);
            SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());

            // A connection is used by one thread at a time, and memory statistics are not used: no lock per call, a tenth of a
            // load. Where SQLite was in use before, its settings stay as they are.
            SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MULTITHREAD);
            SQLitePCL.raw.sqlite3_config(SQLitePCL.raw.SQLITE_CONFIG_MEMSTATUS, 0);
            _initialized = true;
        }
    }

    /// <summary>
    /// Whether the file that a connection has open is no longer the one of its name: deleted, moved away, or replaced by another. Costs
    /// one look at the folder's entry. Where the system keeps an open file in its place (Windows), never.
    /// </summary>
    public static bool HasMoved(SQLitePCL.sqlite3 connection)
    {
        var result = sqlite3_file_control(connection, null, HasMovedControl, out var hasMoved);
        return result == SQLitePCL.raw.SQLITE_OK && hasMoved != 0;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        // Zero hands the search back to the runtime, which finds the packaged library.
        if (name != Library || !OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("CRYPTO_SQLITE") == "bundled") return 0;
        return NativeLibrary.TryLoad("libsqlite3.so.0", out var handle) && IsRecent(handle) ? handle : 0;
    }

    // Older than the bundled one is no gain.
    private static bool IsRecent(nint handle) =>
        NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var export)
        && Marshal.GetDelegateForFunctionPointer<VersionNumber>(export)() > 3_035_005;

    // SQLitePCLRaw has no call for it.
    [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern int sqlite3_file_control(SQLitePCL.sqlite3 connection, byte[]? database, int operation, out int argument);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
