using System.Security.Cryptography;
using Crypto.SnowflakeEmulator;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Snowflake.Sql;
using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake;

/// <summary>An emulated account with a user who signs in by key pair.</summary>
internal sealed class TestAccount : IAsyncDisposable
{
    public const string User = "TS_SVC";

    // Making an RSA key takes a noticeable time; one serves all tests.
    private static readonly string Pem = NewPem();

    private readonly TemporaryFolder _folder = new();

    private TestAccount(EmulatedSnowflake server, TimeProvider clock)
    {
        Server = server;
        Clock = clock;
        Keys = NewKeys();
        server.Keys.SetKeys(User, Keys.PublicKey);
    }

    public EmulatedSnowflake Server { get; }

    public TimeProvider Clock { get; }

    public KeyPairTokens Keys { get; }

    public List<StreamingNotice> Notices { get; } = [];

    /// <summary>No pauses worth mentioning.</summary>
    public StreamingOptions Streaming => new()
    {
        AccountUrl = Server.Url,
        Role = "TS_TRANSFORM",
        AppendInterval = TimeSpan.Zero,
        PollInterval = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(5)),
        ReopenPause = TimeSpan.FromMilliseconds(1),
        Backoff = new BackoffOptions(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4), 40),
        CommitTimeout = TimeSpan.FromMilliseconds(300),
        UncommittedTimeout = TimeSpan.FromSeconds(2),
        MaxReopens = 20,
        Observer = notice =>
        {
            lock (Notices) Notices.Add(notice);
        },
    };

    public static async Task<TestAccount> StartAsync(EmulatorOptions? options = null, TimeProvider? clock = null) =>
        new(
            await EmulatedSnowflake.StartAsync(options ?? new EmulatorOptions(), clock ?? TimeProvider.System), clock
                ?? TimeProvider.System);

    /// <summary>Applies the project's schema.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var sql = NewSql();
        await new SnowflakeMigrator(sql, new ObjectNames(), Clock).MigrateAsync(cancellationToken);
    }

    public static string NewPem()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportPkcs8PrivateKeyPem();
    }

    public KeyPairTokens NewKeys() => new("testorg-emulated", User, new FixedKey(Pem), Clock);

    public StreamingClient NewClient(StreamingOptions? options = null) => new(options ?? Streaming, Keys, Clock);

    public SqlApiClient NewSql(Func<SqlApiOptions, SqlApiOptions>? change = null)
    {
        var options = new SqlApiOptions
        {
            AccountUrl = Server.Url,
            Database = "STREAMING_DB",
            Schema = "PUBLIC",
            Warehouse = "TS_WH",
            Role = "TS_TRANSFORM",
            PollInterval = new(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4)),
            Backoff = Streaming.Backoff,
        };
        return new SqlApiClient(change?.Invoke(options) ?? options, Keys, Clock);
    }

    /// <summary>
    /// Statements over ADO.NET, put together as <c>Snowflake:Access</c> <c>Driver</c> does it; the provider is the stand-in.
    /// </summary>
    public DbProviderSql NewDriverSql(string? role = null)
    {
        var options = new SqlApiOptions
        {
            AccountUrl = Server.Url,
            Database = "STREAMING_DB",
            Schema = "PUBLIC",
            Warehouse = "TS_WH",
            Role = role ?? "TS_TRANSFORM",
        };
        if (!File.Exists(KeyFile)) File.WriteAllText(KeyFile, Pem);
        return new DbProviderSql(
            SnowflakeDriver.Load(), SnowflakeDriver.ConnectionString(
                "testorg-emulated", User, KeyFile, null, options), ParameterStyle.Positional, options.StatementTimeout);
    }

    /// <summary>The user's key, once <see cref="NewDriverSql"/> was called.</summary>
    public string KeyFile => _folder["key.p8"];

    /// <summary>A warehouse over both interfaces, with a checkpoint after each batch unless told otherwise.</summary>
    public Task<SnowflakeWarehouse> OpenWarehouseAsync(
        TimeSpan checkpointInterval = default, StreamingOptions? streaming = null, ISnowflakeSql? sql = null) =>
        SnowflakeWarehouse.OpenAsync(
            sql ?? NewSql(), NewClient(streaming), NewKeys(), new SnowflakeWarehouseOptions { CheckpointInterval = checkpointInterval },
            Clock);

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Keys.Dispose();
        _folder.Dispose();
    }
}

/// <summary>A key in memory that a test can replace.</summary>
internal sealed class FixedKey(string pem, string? passphrase = null) : IPrivateKeySource
{
    private string _pem = pem;
    private int _version;

    public string Stamp => _version.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public PrivateKeyText Read() => new(_pem, passphrase, "memory");

    public void Replace(string pem)
    {
        _pem = pem;
        _version++;
    }
}
