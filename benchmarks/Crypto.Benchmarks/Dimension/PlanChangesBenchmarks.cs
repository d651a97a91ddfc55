using System.Collections.Immutable;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using Microsoft.Data.Sqlite;

namespace Crypto.Benchmarks.Dimension;

/// <summary>
/// What does it cost to turn a log of changes into type 2 history?
/// <code>
/// 500 symbols × 200 changes, half of which change nothing ──▶ [ planner | merge ] ──▶ versions
/// </code>
/// The alternative is a snapshot-style merge as dbt writes it, in SQLite in memory: it takes one change per key and run, so it runs 200
/// times over 500 rows. The planner takes each symbol's changes at once; it also checks each for having been received before, which the
/// merge cannot. Staging and creating the changes is not measured on either side.
/// </summary>
[MemoryDiagnoser]
[WarmupCount(2)]
[IterationCount(9)]
public class PlanChangesBenchmarks : IDisposable
{
    private const int Symbols = 500;
    private const int ChangesPerSymbol = 200;

    private const string Merge =
        """
        UPDATE dim SET valid_to = (SELECT s.valid_time FROM staged AS s WHERE s.run = $run AND s.ticker = dim.ticker)
        WHERE valid_to = $open AND EXISTS (
            SELECT 1 FROM staged AS s WHERE s.run = $run AND s.ticker = dim.ticker
            AND (s.sector IS NOT dim.sector OR s.risk_level IS NOT dim.risk_level OR s.status IS NOT dim.status));
        INSERT INTO dim (ticker, valid_from, valid_to, sector, risk_level, status)
        SELECT s.ticker, CASE WHEN $run = 0 THEN 0 ELSE s.valid_time END, $open, s.sector, s.risk_level, s.status
        FROM staged AS s WHERE s.run = $run AND NOT EXISTS (SELECT 1 FROM dim WHERE dim.ticker = s.ticker AND dim.valid_to = $open);
        """;

    private static readonly SymbolChange[] None = [];

    private readonly List<SymbolChange[]> _bySymbol = [];
    private SqliteConnection? _connection;

    [GlobalSetup]
    public void Setup()
    {
        _connection = new SqliteConnection("Data Source=:memory:");
        _connection.Open();
        Execute(
            """
            CREATE TABLE staged (run INTEGER NOT NULL, ticker TEXT NOT NULL, valid_time INTEGER NOT NULL,
                sector TEXT, risk_level TEXT, status TEXT, PRIMARY KEY (run, ticker)) WITHOUT ROWID;
            CREATE TABLE dim (ticker TEXT NOT NULL, valid_from INTEGER NOT NULL, valid_to INTEGER NOT NULL,
                sector TEXT, risk_level TEXT, status TEXT, PRIMARY KEY (ticker, valid_from)) WITHOUT ROWID;
            CREATE INDEX dim_current ON dim (valid_to, ticker);
            """);
        using var transaction = _connection.BeginTransaction();
        using var insert = Command(
            "INSERT INTO staged VALUES ($run, $ticker, $valid, $sector, $risk, $status)", "$run", "$ticker", "$valid", "$sector", "$risk",
            "$status");
        foreach (var change in Enumerable.Range(0, Symbols).SelectMany(ChangesOf))
        {
            object[] values =
            [
                change.Sequence, change.Key.Ticker, change.ValidTime.Microseconds, change.Attributes[SymbolAttribute.Sector]!,
                change.Attributes[SymbolAttribute.RiskLevel]!, change.Attributes[SymbolAttribute.Status]!,
            ];
            for (var i = 0; i < values.Length; i++) insert.Parameters[i].Value = values[i];
            insert.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    [IterationSetup]
    public void Receive()
    {
        // A change keeps its hash once computed, so each sample gets changes that nobody has seen.
        _bySymbol.Clear();
        for (var symbol = 0; symbol < Symbols; symbol++) _bySymbol.Add([.. ChangesOf(symbol)]);
        Execute("DELETE FROM dim");
    }

    [Benchmark(OperationsPerInvoke = Symbols * ChangesPerSymbol, Baseline = true)]
    public long Planner()
    {
        long answer = 0;
        foreach (var changes in _bySymbol)
        {
            foreach (var row in DimensionPlanner.Plan(None, changes, AttributeOwnership.Shared).History.Current)
            {
                answer += AnswerOf(row.Version);
            }
        }

        return answer;
    }

    [Benchmark(OperationsPerInvoke = Symbols * ChangesPerSymbol)]
    public long SnapshotMerge()
    {
        using (var transaction = _connection!.BeginTransaction())
        {
            using var merge = Command(Merge, "$run", "$open");
            merge.Parameters[1].Value = Timestamp.EndOfTime.Microseconds;
            for (var run = 0; run < ChangesPerSymbol; run++)
            {
                merge.Parameters[0].Value = run;
                merge.ExecuteNonQuery();
            }

            transaction.Commit();
        }

        using var answer = Command(
            "SELECT sum(1 + valid_from % 1000003 + valid_to % 1000003 + length(sector) * 7 + length(risk_level) * 11 + length(status) * "
                + "13) FROM dim");
        return (long)answer.ExecuteScalar()!;
    }

    public void Dispose() => _connection?.Dispose();

    private static long AnswerOf(SymbolVersion version) =>
        1 + (version.ValidFrom.Microseconds % 1_000_003) + (version.ValidTo.Microseconds % 1_000_003)
        + (version[SymbolAttribute.Sector]!.Length * 7) + (version[SymbolAttribute.RiskLevel]!.Length * 11)
        + (version[SymbolAttribute.Status]!.Length * 13);

    private static IEnumerable<SymbolChange> ChangesOf(int symbol)
    {
        var random = new Random(symbol);
        var key = new NaturalKey("BINANCE", string.Create(CultureInfo.InvariantCulture, $"COIN{symbol}USDT"));
        var (sector, risk) = (0, 0);
        for (var i = 0; i < ChangesPerSymbol; i++)
        {
            if (random.Next(4) == 0) sector = random.Next(100);
            if (random.Next(4) == 0) risk = random.Next(1000);
            var time = new Timestamp((1_600_000_000_000 + (i * 86_400_000L)) * 1000);
            yield return new SymbolChange(
                ChangeSource.ReferenceFile, i, key, ChangeOperation.Upsert, time, time,
                ImmutableSortedDictionary<SymbolAttribute, string?>.Empty
                .Add(SymbolAttribute.Sector, string.Create(CultureInfo.InvariantCulture, $"sector {sector}"))
                .Add(SymbolAttribute.RiskLevel, string.Create(CultureInfo.InvariantCulture, $"risk {risk}"))
                .Add(SymbolAttribute.Status, "TRADING"));
        }
    }

    private void Execute(string sql)
    {
        using var command = Command(sql);
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection!.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters) command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}
