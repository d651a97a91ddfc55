using System.Globalization;
using System.Text.Json;
using Crypto.SnowflakeEmulator.Faults;

namespace Crypto.SnowflakeEmulator.Sql;

/// <summary>The statements of the SQL interface: submitted, polled, read in partitions, canceled.</summary>
internal sealed class StatementStore(EmulatedDatabase database, EmulatorOptions options, FaultPlan faults)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Statement> _byHandle = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Statement> _byRequest = new(StringComparer.Ordinal);
    private int _last;

    public Reply Submit(JsonElement request, string requestId, bool isRetry)
    {
        var sql = request.GetProperty("statement").GetString()!;
        if (!IsContext(request, "database", options.Database) || !IsContext(request, "schema", options.Schema))
        {
            return Failure(
                422, "002043", "02000", "SQL compilation error: Object does not exist, or operation cannot be performed.", "none");
        }

        Statement statement;
        lock (_gate)
        {
            // A request sent again is not executed again if the first one succeeded.
            if (isRetry && _byRequest.TryGetValue(requestId, out var known))
            {
                faults.Note(Fault.StatementRepeated);
                return known.Polls > 0 ? RunsOn(known) : Result(known, 0);
            }

            statement = new Statement(string.Create(CultureInfo.InvariantCulture, $"01b00000-0000-0000-0000-{++_last:000000000000}"));
        }

        if (faults.Fires(Fault.StatementFailed)) return Failure(
            422, "000904", "42000", "SQL compilation error: an injected failure", statement.Handle);
        try
        {
            statement.Outcome = database.Execute(sql, Binds(request));
        }
        catch (SqlFailureException failure)
        {
            return Failure(422, failure.Code, failure.SqlState, failure.Message, statement.Handle);
        }

        statement.Polls = faults.Fires(Fault.StatementRunsOn) ? options.PollsUntilDone : 0;
        lock (_gate)
        {
            _byHandle[statement.Handle] = statement;
            _byRequest[requestId] = statement;
        }

        return statement.Polls > 0 ? RunsOn(statement) : Result(statement, 0);
    }

    public Reply Get(string handle, int partition)
    {
        lock (_gate)
        {
            if (!_byHandle.TryGetValue(handle, out var statement)) return Failure(
                404, "000709", "02000", $"Statement {handle} not found.", handle);
            if (statement.IsCanceled) return Failure(422, "000604", "57014", "SQL execution canceled", handle);
            if (statement.Polls > 0 && --statement.Polls > 0) return RunsOn(statement);
            return Result(statement, partition);
        }
    }

    public Reply Cancel(string handle)
    {
        lock (_gate)
        {
            if (!_byHandle.TryGetValue(handle, out var statement)) return Failure(
                422, "000709", "02000", $"Statement {handle} not found.", handle);
            statement.IsCanceled = true;
            faults.Note(Fault.StatementCanceled);
            return Reply.Json(
                200, new { code = "000604", sqlState = "57014", message = "SQL execution canceled", statementHandle = handle });
        }
    }

    private static bool IsContext(JsonElement request, string name, string expected) =>
        !request.TryGetProperty(name, out var value) || value.GetString() == expected;

    private static List<object?> Binds(JsonElement request)
    {
        var binds = new List<object?>();
        if (!request.TryGetProperty("bindings", out var bindings)) return binds;
        for (var i = 1; bindings.TryGetProperty(i.ToString(CultureInfo.InvariantCulture), out var bind); i++)
        {
            var value = bind.GetProperty("value").GetString();
            binds.Add(value is null ? null : bind.GetProperty("type").GetString() switch
            {
                "FIXED" => long.Parse(value, CultureInfo.InvariantCulture),
                "TEXT" => value,
                var type => throw new UntranslatableException($"a bind of type {type}", value),
            });
        }

        return binds;
    }

    private static Reply RunsOn(Statement statement) => Reply.Json(202, new
    {
        code = "333334",
        message = "Asynchronous execution in progress. Use provided query id to perform query monitoring and management.",
        statementHandle = statement.Handle,
        statementStatusUrl = $"/api/v2/statements/{statement.Handle}",
    });

    private static Reply Failure(int status, string code, string sqlState, string message, string handle) =>
        Reply.Json(status, new { code, sqlState, message, statementHandle = handle });

    private Reply Result(Statement statement, int partition)
    {
        var outcome = statement.Outcome!;
        var size = options.RowsPerPartition;
        var rows = outcome.Rows.Skip(partition * size).Take(size)
            .Select(row => row.Select((value, i) => SqlOutcome.WireValue(value, outcome.Columns[i].Type)).ToArray()).ToArray();
        if (partition > 0) return Reply.Json(200, new { data = rows }) with { IsCompressed = true };
        var partitions = Math.Max(1, (outcome.Rows.Count + size - 1) / size);
        return Reply.Json(200, new
        {
            resultSetMetaData = new
            {
                numRows = outcome.Rows.Count,
                format = "jsonv2",
                rowType = outcome.Columns.Select(column =>
                {
                    var (type, precision, scale) = SqlOutcome.WireType(column.Type);
                    return new { name = column.Name, type, precision, scale, nullable = true };
                }),
                partitionInfo = Enumerable.Range(0, partitions).Select(
                    i => new { rowCount = Math.Min(size, outcome.Rows.Count - (i * size)), uncompressedSize = 1 }),
            },
            data = rows,
            code = "090001",
            sqlState = "00000",
            message = "Statement executed successfully.",
            statementHandle = statement.Handle,
            statementStatusUrl = $"/api/v2/statements/{statement.Handle}",
            stats = new { numRowsInserted = outcome.Affected, numRowsUpdated = 0, numRowsDeleted = 0 },
        });
    }

    private sealed class Statement(string handle)
    {
        public string Handle { get; } = handle;

        public SqlOutcome? Outcome { get; set; }

        public int Polls { get; set; }

        public bool IsCanceled { get; set; }
    }
}
