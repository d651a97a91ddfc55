using System.ComponentModel;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.TradeIngest.Hosting;

internal enum SnowflakeAccess
{
    /// <summary>The SQL REST interface.</summary>
    Api,

    /// <summary>Snowflake.Data, in builds that carry it.</summary>
    Driver,
}

/// <summary>Section <c>Snowflake</c>.</summary>
internal sealed record SnowflakeOptions
{
    [Description("The account, such as myorg-account1 or xy12345.eu-central-1.")]
    public string Account { get; init; } = "";

    [Description("Who signs in.")]
    public string User { get; init; } = "TRADE_INGEST";

    [Description("File of the private key, PKCS#8 PEM, plain or encrypted; without a value the variable below holds the text.")]
    public string? PrivateKeyFile { get; init; }

    [Description("Name of the environment variable that holds the private key's PEM text.")]
    public string PrivateKeyVariable { get; init; } = "SNOWFLAKE_PRIVATE_KEY";

    [Description("Name of the environment variable that holds the private key's passphrase.")]
    public string PassphraseVariable { get; init; } = "SNOWFLAKE_PASSPHRASE";

    [Description("Address of the account in place of the one its name gives; plain http to this machine only.")]
    [Address]
    public string? AccountUrl { get; init; }

    [Description("Host of the streaming interface in place of the discovered one.")]
    [Address]
    public string? IngestHost { get; init; }

    [Description("Database of the tables.")]
    public string Database { get; init; } = "STREAMING_DB";

    [Description("Schema of the tables.")]
    public string Schema { get; init; } = "PUBLIC";

    [Description("Virtual warehouse that SQL runs in.")]
    public string Warehouse { get; init; } = "TRADE_INGEST_WH";

    [Description("Role that owns the objects; migrations use it.")]
    public string OwnerRole { get; init; } = "TRADE_INGEST_OWNER";

    [Description("Role that loads.")]
    public string LoaderRole { get; init; } = "TRADE_INGEST_LOADER";

    [Description("Role that the service works with.")]
    public string TransformerRole { get; init; } = "TRADE_INGEST_TRANSFORMER";

    [Description("Role of analysts.")]
    public string ReaderRole { get; init; } = "TRADE_INGEST_READER";

    [Description("How SQL is sent: Api is the SQL REST interface, Driver is Snowflake.Data in builds that have it.")]
    public SnowflakeAccess Access { get; init; }

    [Description("Least time between two checkpoints, each of which wakes the virtual warehouse; 0s makes one after each load.")]
    [Within("0s", "1d")]
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromMinutes(15);

    [Description("Time between two looks at the channels while nothing is loaded.")]
    [Within("1s", "1h")]
    public TimeSpan HealthInterval { get; init; } = TimeSpan.FromSeconds(30);

    [Description("Rows of a table and partition that may be refused by streaming and added by SQL, beyond one in a hundred.")]
    [Within("0", "1000000000")]
    public long RepairLimit { get; init; } = 1000;

    [Description("Records accepted and not committed at once; a load that would be more waits.")]
    [Within("1", "10000000")]
    public int UncommittedRecords { get; init; } = 131_072;

    [Description("Bytes of a channel, before compression, appended and not committed; more wait.")]
    [BytesWithin("1MiB", "16GiB")]
    public long UncommittedBytes { get; init; } = 64 << 20;

    [Description("Rows not committed for this long get their channel opened anew and are sent again.")]
    [Within("1s", "1h")]
    public TimeSpan CommitTimeout { get; init; } = TimeSpan.FromSeconds(60);

    [Description("How long a start waits for rows that another process left in flight.")]
    [Within("1s", "1d")]
    public TimeSpan UncommittedTimeout { get; init; } = TimeSpan.FromSeconds(180);

    [Description("A SQL statement that runs longer is canceled.")]
    [Within("1s", "1d")]
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromMinutes(5);

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

    /// <summary>Every fault beside the ranges; only where Snowflake is used.</summary>
    public IEnumerable<OptionFault> Faults()
    {
        if (!AccountName.TryParse(Account, out _)) yield return new(
            nameof(Account), $"'{Account}' is no account such as myorg-account1 or xy12345.eu-central-1");
        if (AccountUrl is not null && AddressFault(AccountUrl) is { } wrong) yield return new(nameof(AccountUrl), wrong);
        foreach (var (name, fault) in Names.Faults()) yield return new(name, fault);
        if (Access == SnowflakeAccess.Driver && PrivateKeyFile is null)
        {
            yield return new(nameof(PrivateKeyFile), "is needed with Access Driver");
        }
    }

    private static string? AddressFault(string address)
    {
        try
        {
            SnowflakeAddress.Check(address);
            return null;
        }
        catch (SnowflakeException failure)
        {
            return failure.Message;
        }
    }

    public KeyPairTokens NewKeys(TimeProvider clock)
    {
        string? Passphrase() => Environment.GetEnvironmentVariable(PassphraseVariable);
        return new KeyPairTokens(
            Account, User,
            PrivateKeyFile is { } file ? new PrivateKeyFile(file, Passphrase) : new PrivateKeyVariable(PrivateKeyVariable, Passphrase),
            clock);
    }

    /// <param name="role">The owner's for migrations, else the transformer's.</param>
    /// <param name="backoff">How often a request that got no answer is sent again; default as a service wants it.</param>
    public ISnowflakeSql NewSql(KeyPairTokens keys, string role, TimeProvider clock, BackoffOptions? backoff = null)
    {
        var options = new SqlApiOptions
        {
            AccountUrl = Url,
            Database = Database,
            Schema = Schema,
            Warehouse = Warehouse,
            Role = role,
            StatementTimeout = StatementTimeout,
            Backoff = backoff ?? BackoffOptions.Default,
        };
        return Access == SnowflakeAccess.Api
            ? new SqlApiClient(options, keys, clock)
            : new DbProviderSql(
                SnowflakeDriver.Load(),
                SnowflakeDriver.ConnectionString(
                    Account, User, PrivateKeyFile!, Environment.GetEnvironmentVariable(PassphraseVariable), options),
                ParameterStyle.Positional, options.StatementTimeout);
    }

    public StreamingClient NewStreaming(
        KeyPairTokens keys, TimeProvider clock, Action<StreamingNotice>? observer = null, BackoffOptions? backoff = null) =>
        new(
            new StreamingOptions
            {
                AccountUrl = Url,
                IngestHost = IngestHost,
                Role = TransformerRole,
                MaxUncommittedBytes = UncommittedBytes,
                CommitTimeout = CommitTimeout,
                UncommittedTimeout = UncommittedTimeout,
                Observer = observer,
                Backoff = backoff ?? BackoffOptions.Default,
            },
            keys, clock);
}
