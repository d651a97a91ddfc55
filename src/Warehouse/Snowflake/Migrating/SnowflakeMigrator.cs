using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Snowflake.Migrating;

/// <summary>
/// Brings the schema up to date. Snowflake commits each definition by itself, so a script that broke off is run again from its start:
/// every statement in it can be repeated.
/// </summary>
/// <param name="sql">With the owner's role, in the database and schema.</param>
public sealed class SnowflakeMigrator(ISnowflakeSql sql, ObjectNames names, TimeProvider clock)
{
    private const string History =
        """
        CREATE TABLE IF NOT EXISTS SCHEMA_HISTORY (
            SCRIPT     VARCHAR NOT NULL COMMENT 'File name; unique',
            CHECKSUM   VARCHAR NOT NULL COMMENT 'SHA-256 of its text with names filled in',
            APPLIED_AT TIMESTAMP_NTZ(6) NOT NULL COMMENT 'When it was applied last'
        ) COMMENT = 'The migrations that were applied'
        """;

    /// <summary>
    /// The scripts that <see cref="MigrateAsync"/> would apply, in order: those not applied in this form, and those whose objects are gone.
    /// The grants go with any of them, since what is created anew has none.
    /// </summary>
    /// <exception cref="WarehouseException">The schema was written by a newer version, or an applied script was changed since.</exception>
    public async Task<IReadOnlyList<SqlScript>> PendingAsync(CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> applied;
        try
        {
            var result = await sql.ExecuteAsync("SELECT SCRIPT, CHECKSUM FROM SCHEMA_HISTORY", [], cancellationToken);
            applied = result.Rows.ToDictionary(row => (string)row[0]!, row => (string)row[1]!, StringComparer.Ordinal);
        }
        catch (SnowflakeException failure) when (failure.Fault == SnowflakeFault.ObjectMissing)
        {
            // Nothing was applied yet. Whether the schema exists at all shows when something is.
            applied = new Dictionary<string, string>(StringComparer.Ordinal);
        }

        var scripts = SqlScript.All(names);
        if (applied.Keys.FirstOrDefault(name => scripts.All(script => script.Name != name)) is { } unknown)
        {
            throw new WarehouseException(
                $"{names.Database}.{names.Schema} was written by a newer version (it knows '{unknown}'). Use that version or a newer one.");
        }

        bool IsChanged(SqlScript script) =>
            !script.IsRepeatable && applied.TryGetValue(script.Name, out var before) && before != script.Checksum;
        if (scripts.FirstOrDefault(IsChanged) is { } changed)
        {
            throw new WarehouseException(
                $"{names.Database}.{names.Schema} holds another text of migration '{changed.Name}'. Use the version that wrote it, or "
                    + "another schema.");
        }

        var existing = applied.Count == 0 ? [] : await ExistingAsync(cancellationToken);
        var pending = scripts.Where(IsPending).ToList();
        return [.. scripts.Where(script => pending.Contains(script) || (pending.Count > 0 && script.Name == SqlScript.Grants))];

        bool IsPending(SqlScript script) => applied.GetValueOrDefault(script.Name) != script.Checksum
            || !script.Objects.All(created => existing.Contains(created.Name));
    }

    private async Task<HashSet<string>> ExistingAsync(CancellationToken cancellationToken)
    {
        var result = await sql.ExecuteAsync(
            "SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ? "
            + "UNION ALL SELECT PROCEDURE_NAME FROM INFORMATION_SCHEMA.PROCEDURES WHERE PROCEDURE_SCHEMA = ?",
            [names.Schema, names.Schema], cancellationToken);
        return result.Rows.Select(row => (string)row[0]!).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Applies what is missing.</summary>
    /// <returns>The names of the scripts applied; empty when the schema was up to date.</returns>
    public async Task<IReadOnlyList<string>> MigrateAsync(CancellationToken cancellationToken = default)
    {
        var pending = await PendingAsync(cancellationToken);
        if (pending.Count == 0) return [];
        await sql.ExecuteAsync(History, [], cancellationToken);
        foreach (var script in pending)
        {
            foreach (var statement in SqlScript.Statements(script.Text))
            {
                try
                {
                    await sql.ExecuteAsync(statement, [], cancellationToken);
                }
                catch (SnowflakeException failure)
                {
                    var lines = statement.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal) && line.Length > 0);
                    throw new SnowflakeException(
                        failure.Fault, $"{script.Name}, at '{lines.First()}': {failure.Message}", failure, failure.Code);
                }
            }

            await sql.ExecuteAsync("DELETE FROM SCHEMA_HISTORY WHERE SCRIPT = ?", [script.Name], cancellationToken);
            await sql.ExecuteAsync(
                "INSERT INTO SCHEMA_HISTORY (SCRIPT, CHECKSUM, APPLIED_AT) SELECT ?, ?, TO_TIMESTAMP_NTZ(?, 6)",
                [script.Name, script.Checksum, Timestamp.Now(clock).Microseconds], cancellationToken);
        }

        return [.. pending.Select(script => script.Name)];
    }
}
