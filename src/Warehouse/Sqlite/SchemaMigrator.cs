using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Crypto.TradeModel.Times;

namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Brings a schema up to date from the scripts embedded in the assembly: <c>V0001__name.sql</c> once and in order,
/// <c>R__name.sql</c> whenever its text changed. All in one transaction: an end at any time leaves the file as it was.
/// </summary>
/// <param name="progress">Informed every second or two while a script runs.</param>
public sealed class SchemaMigrator(SqliteDatabase database, TimeProvider clock, IProgress<MigrationProgress>? progress = null)
{
    private const string Prefix = "Crypto.Warehouse.Sqlite.Migrations.";

    // First line of a script that mends an edition released before: the checksum of that edition, which counts as applied too.
    private const string Supersedes = "-- Supersedes: ";

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(2);

    /// <summary>Applies what is missing.</summary>
    /// <returns>The scripts applied, in order; empty when the schema was up to date.</returns>
    /// <exception cref="WarehouseException">
    /// The database was written by a newer version, or an applied script was changed since.
    /// </exception>
    /// <exception cref="OperationCanceledException">Canceled; nothing was changed.</exception>
    public IReadOnlyList<string> Migrate(CancellationToken cancellationToken = default) =>
        database.InTransaction<IReadOnlyList<string>>(() =>
    {
        database.ExecuteDefinition(
            "CREATE TABLE IF NOT EXISTS SCHEMA_HISTORY (script TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT");
        var missing = Missing();
        var started = clock.GetTimestamp();
        foreach (var (name, sql) in missing) Apply(name, sql, started, cancellationToken);
        if (missing.Count > 0) TableChecksums.Compute(database);
        return [.. missing.Select(script => script.Key)];
    });

    private List<KeyValuePair<string, string>> Missing()
    {
        var applied = Applied();
        var scripts = Scripts();
        if (applied.Keys.FirstOrDefault(name => !scripts.ContainsKey(name)) is { } unknown)
        {
            throw new WarehouseException(
                $"'{database.Path}' was written by a newer version (it knows '{unknown}'). Use that version or a newer one.");
        }

        foreach (var (name, sql) in scripts)
        {
            if (name[0] != 'V' || !applied.TryGetValue(name, out var before) || IsEditionOf(sql, before)) continue;
            throw new WarehouseException(
                $"'{database.Path}' holds another text of migration '{name}'. Use the version that wrote it, or a new data folder.");
        }

        return
        [
            .. scripts.Where(script => !applied.TryGetValue(script.Key, out var before)
                || (script.Key[0] == 'R' && before != Checksum(script.Value))),
        ];
    }

    private void Apply(string name, string sql, long started, CancellationToken cancellationToken)
    {
        var reported = started;
        using (database.Watch(Report, cancellationToken))
        {
            database.ExecuteDefinition(sql);
            if (MigrationSteps.After(name) is { } step) step(database, clock, cancellationToken);
        }

        using var record = database.Prepare("INSERT OR REPLACE INTO SCHEMA_HISTORY (script, checksum, applied_at) VALUES (?, ?, ?)");
        record.Bind(1, name).Bind(2, Checksum(sql)).Bind(3, Timestamp.Now(clock).ToString()).Run();

        void Report()
        {
            if (progress is null || clock.GetElapsedTime(reported) < ReportInterval) return;
            reported = clock.GetTimestamp();
            var log = new FileInfo(database.Path + "-wal");
            progress.Report(new MigrationProgress(database.Path, name, clock.GetElapsedTime(started), log.Exists ? log.Length : 0));
        }
    }

    private static bool IsEditionOf(string sql, string checksum) =>
        checksum == Checksum(sql) || sql.StartsWith(Supersedes + checksum + '\n', StringComparison.Ordinal);

    private static string Checksum(string sql) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));

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
