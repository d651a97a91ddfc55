using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.TradeIngest.Hosting;

/// <summary>Section <c>Snowflake</c>.</summary>
internal sealed record SnowflakeOptions
{
    /// <summary>Such as <c>myorg-account1</c> or <c>xy12345.eu-central-1</c>.</summary>
    public string Account { get; init; } = "";

    public string User { get; init; } = "TRADE_INGEST";

    /// <summary>PKCS#8 PEM, plain or encrypted. Default none: then <see cref="PrivateKeyVariable"/> holds the text.</summary>
    public string? PrivateKeyFile { get; init; }

    /// <summary>Name of the environment variable with the PEM text. Default <c>SNOWFLAKE_PRIVATE_KEY</c>.</summary>
    public string PrivateKeyVariable { get; init; } = "SNOWFLAKE_PRIVATE_KEY";

    /// <summary>Name of the environment variable with the passphrase. Default <c>SNOWFLAKE_PASSPHRASE</c>.</summary>
    public string PassphraseVariable { get; init; } = "SNOWFLAKE_PASSPHRASE";

    /// <summary>Address of the account in place of the one its name gives; plain http to this machine only.</summary>
    public string? AccountUrl { get; init; }

    /// <summary>Host of the streaming interface in place of the discovered one.</summary>
    public string? IngestHost { get; init; }

    public string Database { get; init; } = "STREAMING_DB";

    public string Schema { get; init; } = "PUBLIC";

    public string Warehouse { get; init; } = "TRADE_INGEST_WH";

    public string OwnerRole { get; init; } = "TRADE_INGEST_OWNER";

    public string LoaderRole { get; init; } = "TRADE_INGEST_LOADER";

    public string TransformerRole { get; init; } = "TRADE_INGEST_TRANSFORMER";

    public string ReaderRole { get; init; } = "TRADE_INGEST_READER";

    /// <summary><c>Api</c>, the SQL REST interface, or <c>Driver</c>, Snowflake.Data in builds that carry it. Default <c>Api</c>.</summary>
    public string Access { get; init; } = "Api";

    /// <summary>Least time between two checkpoints. Default 15 minutes; 0 to 1 day.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Rows of a table and partition that may be refused by streaming and added by SQL, beyond one in a hundred. Default 1,000.</summary>
    public long RepairLimit { get; init; } = 1000;

    public ObjectNames Names => new()
    {
        Database = Database,
        Schema = Schema,
        Warehouse = Warehouse,
        User = User,
        OwnerRole = OwnerRole,
        LoaderRole = LoaderRole,
        TransformerRole = TransformerRole,
        ReaderRole = ReaderRole,
    };

    private string Url => AccountUrl ?? (AccountName.TryParse(Account, out var name) ? "https://" + name.Host : "");

    /// <summary>Every fault; asked only by commands that use Snowflake.</summary>
    public IEnumerable<string> Validate()
    {
        if (!AccountName.TryParse(Account, out _)) yield return $"Snowflake: Account '{Account}' is no account such as myorg-account1 or xy12345.eu-central-1";
        foreach (var fault in Names.Validate()) yield return $"Snowflake: {fault}";
        if (Access is not ("Api" or "Driver")) yield return $"Snowflake: Access '{Access}' is neither Api nor Driver";
        if (Access == "Driver" && PrivateKeyFile is null) yield return "Snowflake: Access Driver needs PrivateKeyFile";
        if (!ServiceOptions.IsWithin(CheckpointInterval, TimeSpan.Zero))
        {
            yield return $"Snowflake: CheckpointInterval {CheckpointInterval} is not within 0 to 1 day";
        }

        if (RepairLimit < 0) yield return $"Snowflake: RepairLimit {RepairLimit} is negative";
    }

    public KeyPairTokens NewKeys(TimeProvider clock)
    {
        string? Passphrase() => Environment.GetEnvironmentVariable(PassphraseVariable);
        return new KeyPairTokens(Account, User, PrivateKeyFile is { } file ? new PrivateKeyFile(file, Passphrase) : new PrivateKeyVariable(PrivateKeyVariable, Passphrase), clock);
    }

    /// <param name="role">The owner's for migrations, else the transformer's.</param>
    /// <param name="backoff">How often a request that got no answer is sent again; default as a service wants it.</param>
    public ISnowflakeSql NewSql(KeyPairTokens keys, string role, TimeProvider clock, RetryBackoff? backoff = null)
    {
        var options = new SqlApiOptions
        {
            AccountUrl = Url,
            Database = Database,
            Schema = Schema,
            Warehouse = Warehouse,
            Role = role,
            Backoff = backoff ?? RetryBackoff.Default,
        };
        return Access == "Api"
            ? new SqlApiClient(options, keys, clock)
            : new DbProviderSql(
                SnowflakeDriver.Load(),
                SnowflakeDriver.ConnectionString(Account, User, PrivateKeyFile!, Environment.GetEnvironmentVariable(PassphraseVariable), options),
                ParameterStyle.Positional, options.StatementTimeout);
    }

    public StreamingClient NewStreaming(
        KeyPairTokens keys, TimeProvider clock, Action<StreamingNotice>? observer = null, RetryBackoff? backoff = null) =>
        new(
            new StreamingOptions
            {
                AccountUrl = Url,
                IngestHost = IngestHost,
                Role = TransformerRole,
                Observer = observer,
                Backoff = backoff ?? RetryBackoff.Default,
            },
            keys, clock);
}
