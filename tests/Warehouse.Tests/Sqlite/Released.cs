using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Continuity;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

/// <summary>A format of the embedded warehouse that was released.</summary>
public enum ReleasedFormat
{
    /// <summary>V0001: facts lie by symbol and trade id; a rejected id counts as covered.</summary>
    BySymbolAndId,

    /// <summary>V0002 in its first edition: the segments of facts that were there have every 131,072nd number.</summary>
    SegmentsMisnumbered,
}

/// <summary>Writes files as released versions did.</summary>
internal static class Released
{
    private const string Facts = "symbol_key, trade_time, price, quantity, total_amount_usd, aggressor_side, ingest_source, quality_flags";
    private const string FirstEdition = "V0002__facts_in_order_of_arrival.sql";

    /// <param name="path">The file to write.</param>
    /// <param name="rows">A warehouse of today, whose rows it gets.</param>
    /// <param name="format">As which version.</param>
    public static void Write(string path, string rows, ReleasedFormat format)
    {
        var tables = Text(typeof(SchemaMigrator).Assembly, "Crypto.Warehouse.Sqlite.Migrations.V0001__tables.sql");
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.ExecuteDefinition(tables);
        database.Execute($"ATTACH '{rows}' AS rows; PRAGMA foreign_keys = OFF");
        database.Execute(
            $"""
            INSERT INTO FACT_TRADES (fact_id, {Facts}) SELECT fact_id, {Facts} FROM rows.FACT_TRADES;
            INSERT INTO SYMBOLS SELECT *, 1 FROM rows.SYMBOLS;
            INSERT INTO RAW_BATCHES
                SELECT batch_id, epoch, topic, partition, first_offset, record_count, received_time, records FROM rows.RAW_BATCHES;
            INSERT INTO TRADE_GAPS
                SELECT gap_id, symbol_id, symbol, from_id, to_id, found, iif(closed IS NULL, 'OPEN', 'CLOSED'), closed
                FROM rows.TRADE_GAPS AS g WHERE NOT EXISTS (
                SELECT 1 FROM rows.TRADE_COVERAGE AS c WHERE c.symbol_id = g.symbol_id AND c.from_id <= g.to_id AND c.to_id >= g.from_id);
            CREATE TABLE SCHEMA_HISTORY (script TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL);
            CREATE VIEW CONSUMPTION_TRADES AS SELECT fact_id FROM FACT_TRADES;
            CREATE VIEW SILVER_TRADES AS SELECT fact_id FROM CONSUMPTION_TRADES;
            """);
        string[] alike = ["SYMBOL_CHANGES", "DIM_SYMBOL_VERSIONS", "SYMBOL_CONFLICTS", "REJECTED_TRADES"];
        foreach (var table in alike) database.Execute($"INSERT INTO {table} SELECT * FROM rows.{table}");
        database.Execute(
            """
            INSERT INTO LOG_POSITIONS
                SELECT epoch, topic, partition, next_offset, records, stored, duplicates, rejected, updated_at FROM rows.LOG_POSITIONS
            """);
        WriteCoverage(database);
        Record(database, "V0001__tables.sql", tables);
        if (format == ReleasedFormat.BySymbolAndId) return;

        var edition = Text(typeof(Released).Assembly, FirstEdition);
        database.ExecuteDefinition(edition);
        Record(database, FirstEdition, edition);
    }

    /// <summary>Makes of a file of today one of V0003: a gap is open or closed.</summary>
    public static void Lower(string path)
    {
        using var database = SqliteDatabase.OpenForWriting(path, isDurable: false);
        database.ExecuteDefinition(
            """
            DELETE FROM SCHEMA_HISTORY WHERE script = 'V0004__how_gaps_end.sql';
            ALTER TABLE LOG_POSITIONS DROP COLUMN verdicts;
            ALTER TABLE TRADE_GAPS RENAME TO STATED;
            DROP INDEX TRADE_GAPS_OPEN;
            CREATE TABLE TRADE_GAPS (
                gap_id    INTEGER PRIMARY KEY,
                symbol_id INTEGER NOT NULL REFERENCES SYMBOLS (symbol_id),
                symbol    TEXT NOT NULL,
                from_id   INTEGER NOT NULL,
                to_id     INTEGER NOT NULL,
                found     TEXT NOT NULL,
                state     TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED')),
                closed    TEXT,
                CHECK ((state = 'CLOSED') = (closed IS NOT NULL))
            ) STRICT;
            INSERT INTO TRADE_GAPS
                SELECT gap_id, symbol_id, symbol, from_id, to_id, found, iif(closed IS NULL, 'OPEN', 'CLOSED'), closed FROM STATED;
            DROP TABLE STATED;
            CREATE UNIQUE INDEX TRADE_GAPS_OPEN ON TRADE_GAPS (symbol_id, from_id) WHERE state = 'OPEN';
            """);
    }

    // Whatever had come counted, in one run.
    private static void WriteCoverage(SqliteDatabase database)
    {
        var covered = new Dictionary<(int Id, string Symbol), IdRangeSet>();
        using (var query = database.Prepare("SELECT symbol_id, symbol, from_id, to_id FROM rows.TRADE_COVERAGE"))
        {
            while (query.Step())
            {
                var key = (query.GetInt32(0), query.GetText(1));
                if (!covered.TryGetValue(key, out var ids)) covered.Add(key, ids = new IdRangeSet());
                ids.Add(new IdRange(query.GetInt64(2), query.GetInt64(3)));
            }
        }

        using var insert = database.Prepare("INSERT INTO main.TRADE_COVERAGE VALUES (?, ?, ?, ?)");
        foreach (var ((id, symbol), ids) in covered)
        {
            foreach (var range in ids.Ranges) insert.Bind(1, id).Bind(2, symbol).Bind(3, range.From).Bind(4, range.To).Run();
        }
    }

    private static void Record(SqliteDatabase database, string name, string text)
    {
        using var insert = database.Prepare("INSERT INTO SCHEMA_HISTORY VALUES (?, ?, '')");
        insert.Bind(1, name).Bind(2, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))).Run();
    }

    private static string Text(System.Reflection.Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
