using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Crypto.SnowflakeEmulator.Sql;
using Microsoft.Data.Sqlite;

namespace Snowflake.Data.Client;

/// <summary>A session with the emulated account: a connection of its own to the engine underneath.</summary>
internal sealed class SnowflakeDbConnection : DbConnection
{
    private SqliteConnection? _engine;

    [AllowNull]
    public override string ConnectionString { get; set; } = "";

    public override string Database => new DbConnectionStringBuilder { ConnectionString = ConnectionString }["db"] as string ?? "";

    public override string DataSource => "";

    public override string ServerVersion => "0";

    public override ConnectionState State => _engine is null ? ConnectionState.Closed : ConnectionState.Open;

    internal EmulatedDatabase? Account { get; private set; }

    internal SqliteConnection Engine => _engine ?? throw new InvalidOperationException("Executing command on a non-opened connection.");

    public override void Open()
    {
        try
        {
            Account = SignIn.With(ConnectionString);
        }
        catch (SnowflakeDbException refusal)
        {
            // The provider wraps what it met while connecting.
            throw new SnowflakeDbException(
                SnowflakeDbException.ConnectionFailure, 270001, $"Unable to connect. {refusal.Message}", refusal);
        }

        _engine = (SqliteConnection)SqliteFactory.Instance.CreateConnection();
        _engine.ConnectionString = Account.ConnectionString + ";Pooling=False";
        _engine.Open();
        Account.Join(_engine);
    }

    public override void Close()
    {
        _engine?.Dispose();
        _engine = null;
    }

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) =>
        throw new NotSupportedException("A procedure is the transaction.");

    protected override DbCommand CreateDbCommand() => new SnowflakeDbCommand(this);

    protected override void Dispose(bool disposing)
    {
        if (disposing) Close();
        base.Dispose(disposing);
    }
}
