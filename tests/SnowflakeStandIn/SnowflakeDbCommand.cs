using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Crypto.SnowflakeEmulator.Sql;
using Microsoft.Data.Sqlite;

namespace Snowflake.Data.Client;

/// <summary>One statement with <c>?</c> in it; its parameters are named 1, 2 … and typed.</summary>
internal sealed class SnowflakeDbCommand(SnowflakeDbConnection? connection) : DbCommand
{
    private readonly SqliteCommand _engine = (SqliteCommand)SqliteFactory.Instance.CreateCommand();

    [AllowNull]
    public override string CommandText { get; set; } = "";

    public override int CommandTimeout { get; set; } = 30;

    public override CommandType CommandType { get; set; } = CommandType.Text;

    public override bool DesignTimeVisible { get; set; }

    public override UpdateRowSource UpdatedRowSource { get; set; }

    protected override DbConnection? DbConnection { get; set; } = connection;

    protected override DbParameterCollection DbParameterCollection => _engine.Parameters;

    protected override DbTransaction? DbTransaction { get; set; }

    public override void Cancel()
    {
    }

    public override int ExecuteNonQuery() => Execute().Affected;

    public override object? ExecuteScalar()
    {
        using var reader = ExecuteReader();
        return reader.Read() ? reader.GetValue(0) : null;
    }

    public override void Prepare() => throw new NotSupportedException();

    protected override DbParameter CreateDbParameter() => _engine.CreateParameter();

    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) => new SnowflakeDbDataReader(Execute());

    protected override void Dispose(bool disposing)
    {
        if (disposing) _engine.Dispose();
        base.Dispose(disposing);
    }

    private SqlOutcome Execute()
    {
        var session = (SnowflakeDbConnection)DbConnection!;
        try
        {
            return session.Account!.ExecuteOn(session.Engine, CommandText, [.. Enumerable.Range(0, _engine.Parameters.Count).Select(Bind)]);
        }
        catch (SqlFailureException failure)
        {
            throw new SnowflakeDbException(failure.SqlState, int.Parse(failure.Code, CultureInfo.InvariantCulture), failure.Message);
        }
    }

    // The provider sends a map from names to values: one that is not the number of its place binds something else or nothing.
    private object? Bind(int index)
    {
        var parameter = _engine.Parameters[index];
        if (parameter.ParameterName != (index + 1).ToString(CultureInfo.InvariantCulture))
        {
            throw new InvalidOperationException($"Parameter {index + 1} is named '{parameter.ParameterName}'.");
        }

        return (parameter.DbType, parameter.Value) switch
        {
            (_, DBNull) => null,
            (DbType.Int64, long number) => number,
            (DbType.String, string text) => text,
            var (type, value) =>
                throw new InvalidOperationException($"Parameter {index + 1} is {value?.GetType().Name ?? "not set"} as {type}."),
        };
    }
}
