using SQLitePCL;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// What a connection lets statements do: read tables, call functions, and look at the schema. SQLite asks for each thing that a statement
/// would do, while it compiles it; a read-only file and <c>PRAGMA query_only</c> leave VACUUM INTO, ATTACH and PRAGMA itself open.
/// </summary>
internal sealed class ReadingAuthorizer
{
    // Each describes the schema or the library, with an argument too.
    private static readonly HashSet<string> Describing = new(StringComparer.OrdinalIgnoreCase)
    {
        "collation_list", "compile_options", "database_list", "foreign_key_check", "foreign_key_list", "function_list", "index_info",
        "index_list", "index_xinfo", "integrity_check", "module_list", "pragma_list", "quick_check", "table_info", "table_list",
        "table_xinfo",
    };

    // Each tells a setting, and with an argument changes it.
    private static readonly HashSet<string> Settings = new(StringComparer.OrdinalIgnoreCase)
    {
        "application_id", "auto_vacuum", "cache_size", "data_version", "encoding", "freelist_count", "page_count", "page_size",
        "query_only", "schema_version", "synchronous", "user_version", "wal_autocheckpoint",
    };

    // Code and pointers from outside, files: none is there in a usual build, and each could be in another.
    private static readonly HashSet<string> Refusable = new(StringComparer.OrdinalIgnoreCase)
    {
        "edit", "fts3_tokenizer", "load_extension", "readfile", "writefile",
    };

    private ReadingAuthorizer()
    {
    }

    /// <summary>What was refused last; null when nothing was.</summary>
    public string? Refused { get; private set; }

    /// <summary>Holds for every statement that the connection compiles from now on.</summary>
    public static ReadingAuthorizer SetOn(sqlite3 connection)
    {
        var authorizer = new ReadingAuthorizer();
        strdelegate_authorizer decide = (_, action, first, second, _, _) => authorizer.Decide(action, first, second);
        var result = raw.sqlite3_set_authorizer(connection, decide, null);
        return result == raw.SQLITE_OK
            ? authorizer
            : throw new StorageException(
                StorageFault.Failed, $"SQLite takes no authorizer: {raw.sqlite3_errstr(result).utf8_to_string()}.");
    }

    private int Decide(int action, string? first, string? second)
    {
        var isAllowed = action switch
        {
            raw.SQLITE_SELECT or raw.SQLITE_READ or raw.SQLITE_RECURSIVE => true,
            raw.SQLITE_FUNCTION => !Refusable.Contains(second ?? ""),

            // How SQLite declares json_each and the like to itself. A statement that would really change the schema is refused elsewhere.
            raw.SQLITE_UPDATE => first == "sqlite_master",
            raw.SQLITE_PRAGMA => Describing.Contains(first ?? "") || (second is null && Settings.Contains(first ?? "")),
            _ => false,
        };
        if (isAllowed) return raw.SQLITE_OK;
        Refused = Describe(action, first, second);
        return raw.SQLITE_DENY;
    }

    private static string Describe(int action, string? first, string? second) => action switch
    {
        raw.SQLITE_PRAGMA => second is null ? $"PRAGMA {first}" : $"PRAGMA {first} = {second}",
        raw.SQLITE_FUNCTION => $"the function {second}",
        raw.SQLITE_ATTACH => "ATTACH",
        raw.SQLITE_DETACH => "DETACH",
        raw.SQLITE_TRANSACTION or raw.SQLITE_SAVEPOINT => "a transaction",
        raw.SQLITE_INSERT or raw.SQLITE_UPDATE or raw.SQLITE_DELETE => $"writing {first}",
        _ => "a change of the database",
    };
}
