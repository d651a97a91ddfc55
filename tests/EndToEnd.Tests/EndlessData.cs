using Crypto.Warehouse.Sqlite;

namespace Crypto.EndToEnd.Tests;

/// <summary>Makes a store in which a command finds no end: what a table of billions of rows is for somebody who waits.</summary>
internal static class EndlessData
{
    public const string Sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    private const string Endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";

    /// <summary>Whoever reads the table or view searches it for ever.</summary>
    public static void Of(string path, string table, bool isView = false)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.Execute(isView
            ? $"DROP VIEW {table}; CREATE VIEW {table} AS {Endless} SELECT i FROM n WHERE i < 0"
            : $"ALTER TABLE {table} RENAME TO SOUND; CREATE VIEW {table} AS {Endless} SELECT s.* FROM n CROSS JOIN SOUND AS s WHERE n.i < "
                + "0");
    }

    /// <summary>Whoever adds a row to the table never comes to its end.</summary>
    public static void OnInsert(string path, string table)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.Execute(
            $"CREATE VIEW ENDLESS AS {Endless} SELECT i FROM n WHERE i < 0; "
            + $"CREATE TRIGGER ENDLESS_INSERT BEFORE INSERT ON {table} BEGIN SELECT count(*) FROM ENDLESS; END");
    }

    public static void RemoveTrigger(string path)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.Execute("DROP TRIGGER ENDLESS_INSERT; DROP VIEW ENDLESS");
    }
}
