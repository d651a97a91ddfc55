using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Brings a schema up to date from the scripts embedded in the assembly: <c>V0001__name.sql</c> once and in order,
/// <c>R__name.sql</c> whenever its text changed. All in one transaction.
/// </summary>
public sealed class SchemaMigrator(SqliteDatabase database, TimeProvider clock)
{
    private const string Prefix = "Crypto.Warehouse.Sqlite.Migrations.";

    /// <summary>Applies what is missing.</summary>
    /// <returns>The scripts applied, in order; empty when the schema was up to date.</returns>
    /// <exception cref="WarehouseException">
    /// The database was written by a newer version, or an applied script was changed since.
    /// </exception>
    public IReadOnlyList<string> Migrate() => database.InTransaction<IReadOnlyList<string>>(() =>
    {
        database.ExecuteDefinition(
            "CREATE TABLE IF NOT EXISTS SCHEMA_HISTORY (script TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT");
        var applied = Applied();
        var scripts = Scripts();
        if (applied.Keys.FirstOrDefault(name => !scripts.ContainsKey(name)) is { } unknown)
        {
            throw new WarehouseException(
                $"'{database.Path}' was written by a newer version (it knows '{unknown}'). Use that version or a newer one.");
        }

        var done = new List<string>();
        using var record = database.Prepare("INSERT OR REPLACE INTO SCHEMA_HISTORY (script, checksum, applied_at) VALUES (?, ?, ?)");
        foreach (var (name, sql) in scripts)
        {
            var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            if (applied.GetValueOrDefault(name) is { } before)
            {
                if (before == checksum) continue;
                if (name[0] == 'V')
                {
                    throw new WarehouseException(
                        $"'{database.Path}' holds another text of migration '{name}'. "
                        + "Use the version that wrote it, or a new data folder.");
                }
            }

            database.ExecuteDefinition(sql);
            record.Bind(1, name).Bind(2, checksum).Bind(3, Timestamp.Now(clock).ToString()).Run();
            done.Add(name);
        }

        return done;
    });

    // Versioned scripts sort before repeatable ones: the views need the tables.
    private static SortedDictionary<string, string> Scripts()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var scripts = new SortedDictionary<string, string>(Comparer<string>.Create(static (left, right) =>
            left[0] == right[0] ? string.CompareOrdinal(left, right) : right[0].CompareTo(left[0])));
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            scripts.Add(resource[Prefix.Length..], reader.ReadToEnd());
        }

        return scripts;
    }

    private Dictionary<string, string> Applied()
    {
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        using var query = database.Prepare("SELECT script, checksum FROM SCHEMA_HISTORY");
        while (query.Step()) applied.Add(query.GetText(0), query.GetText(1));
        return applied;
    }
}
