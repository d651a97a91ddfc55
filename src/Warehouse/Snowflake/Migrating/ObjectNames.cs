using System.Text.RegularExpressions;

namespace Crypto.Warehouse.Snowflake.Migrating;

/// <summary>The names that migrations are written for. All are plain identifiers: they become part of statements.</summary>
public sealed partial record ObjectNames
{
    public string Database { get; init; } = "STREAMING_DB";

    public string Schema { get; init; } = "PUBLIC";

    public string Warehouse { get; init; } = "TRADE_INGEST_WH";

    public string User { get; init; } = "TRADE_INGEST";

    public string OwnerRole { get; init; } = "TRADE_INGEST_OWNER";

    public string LoaderRole { get; init; } = "TRADE_INGEST_LOADER";

    public string TransformerRole { get; init; } = "TRADE_INGEST_TRANSFORMER";

    public string ReaderRole { get; init; } = "TRADE_INGEST_READER";

    /// <summary>DER SubjectPublicKeyInfo in base64; only in the administrator's part.</summary>
    public string PublicKey { get; init; } = "<paste the public key here>";

    /// <summary>Every name that is none, and what is wrong with it.</summary>
    public IEnumerable<(string Name, string Fault)> Faults() =>
        from pair in new[]
        {
            ("Database", Database), ("Schema", Schema), ("Warehouse", Warehouse), ("User", User), ("OwnerRole", OwnerRole),
            ("LoaderRole", LoaderRole), ("TransformerRole", TransformerRole), ("ReaderRole", ReaderRole),
        }
        where !SnowflakeIdentifier.IsValid(pair.Item2)
        select (pair.Item1, $"'{pair.Item2}' is no plain identifier: upper-case letters, digits, _ and $");

    /// <exception cref="SnowflakeException">A name is no identifier, or a script asks for one that does not exist.</exception>
    internal SqlScript FillIn(SqlScript script)
    {
        foreach (var (name, fault) in Faults()) throw new SnowflakeException(SnowflakeFault.Configuration, $"{name}: {fault}");
        return script with
        {
            Text = Placeholder().Replace(script.Text, match => match.Groups["name"].Value switch
            {
                "database" => Database,
                "schema" => Schema,
                "warehouse" => Warehouse,
                "user" => User,
                "owner_role" => OwnerRole,
                "loader_role" => LoaderRole,
                "transformer_role" => TransformerRole,
                "reader_role" => ReaderRole,
                "public_key" => PublicKey.Replace("'", "", StringComparison.Ordinal),
                var name => throw new SnowflakeException(SnowflakeFault.Configuration, $"{script.Name} asks for the unknown name {name}."),
            }),
        };
    }

    [GeneratedRegex(@"\{\{(?<name>\w+)\}\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
