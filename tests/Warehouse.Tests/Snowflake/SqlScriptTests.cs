using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Crypto.TestSupport;
using Crypto.Warehouse.Snowflake.Migrating;
using Crypto.Warehouse.Tests.Snowflake.Parsing;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class SqlScriptTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Statements_SemicolonsInQuotesCommentsAndBodies_CutNothing()
    {
        var statements = SqlScript.Statements(
            "-- a; comment\nSELECT ';' AS \"a;b\"; /* x; */ CREATE PROCEDURE P() AS $$ BEGIN A; B; END; $$;\n-- only; this\n");

        Assert.HasCount(2, statements);
        Assert.EndsWith("\"a;b\"", statements[0]);
        Assert.EndsWith("$$", statements[1]);
    }

    [TestMethod]
    public void All_TablesAndViews_HaveACommentOnEachColumnAndOnThemselves()
    {
        foreach (var statement in SqlScript.All(new ObjectNames()).SelectMany(script => SqlScript.Statements(script.Text)))
        {
            var table = Regex.Match(
                statement, @"CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) (?<name>\w+) \((?<columns>.*?)\n\)(?<rest>[^A-Z]*COMMENT = '.+)",
                RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
            if (!Regex.IsMatch(statement, @"CREATE (TABLE|OR REPLACE VIEW)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)))
            {
                continue;
            }

            Assert.IsTrue(table.Success, statement);
            var columns = Regex.Replace(
                table.Groups["columns"].Value, @"'(?:[^']|'')*'|\(\d+,\d+\)", "''", RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(5)).Split(',');
            foreach (var column in columns) Assert.Contains(" COMMENT ", column, $"{table.Groups["name"].Value}: {column}");
        }
    }

    [TestMethod]
    public async Task EveryFile_ParsesInSnowflakesDialect()
    {
        var names = new ObjectNames();
        var texts = SqlScript.All(names).Append(new SqlScript("bootstrap.sql", SqlScript.Bootstrap(names)))
            .Concat(Directory.GetFiles(Path.Combine(Repository.Root, "snowflake", "examples"), "*.sql")
                .Select(file => new SqlScript(Path.GetFileName(file), File.ReadAllText(file))))
            .ToList();
        Assert.HasCount(Directory.GetFiles(Path.Combine(Repository.Root, "snowflake"), "*.sql", SearchOption.AllDirectories).Length, texts);
        var statements = texts.SelectMany(
            script => SqlScript.Statements(script.Text), (script, statement) => new { file = script.Name, statement }).ToList();

        // The parser takes a procedure's body as text; its changes of rows are parsed on their own.
        statements.AddRange(texts.SelectMany(
            script =>
                Regex.Matches(
                    script.Text, @"\$\$(?<body>.*?)\$\$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
                .SelectMany(match => SqlScript.Statements(match.Groups["body"].Value))
                .Where(statement => Regex.IsMatch(
                    statement, "^(INSERT|UPDATE|DELETE) ", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))),
            (script, statement) => new { file = script.Name, statement }));
        Assert.IsGreaterThan(80, statements.Count);
        statements.Add(new { file = "self-test", statement = "SELECT FROM WHERE (" });

        using var failures = JsonDocument.Parse(await ParseAsync(JsonSerializer.Serialize(statements)));
        Assert.AreEqual(
            "self-test", string.Join(
                '\n', failures.RootElement.EnumerateArray().Select(failure => failure.GetProperty("file").GetString() is "self-test"
                ? "self-test"
                : failure.GetRawText())));
    }

    /// <summary>Runs <c>parse.mjs</c> with the parser beside it.</summary>
    private async Task<string> ParseAsync(string statements)
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(Repository.Root, "tests", "Warehouse.Tests", "Snowflake", "Parsing");
        File.Copy(Path.Combine(source, "parse.mjs"), folder["parse.mjs"]);
        await NpmPackage.Pinned(Path.Combine(source, "package-lock.json"), "@polyglot-sql/sdk")
            .InstallAsync(
                NpmConfiguration.OfThisMachine(), Path.Combine(AppContext.BaseDirectory, "npm"), folder.FullName,
                TestContext.CancellationToken);
        using var process = StartNode(folder["parse.mjs"]);
        var errors = process.StandardError.ReadToEndAsync(TestContext.CancellationToken);
        await process.StandardInput.WriteAsync(statements);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.CancellationToken);
        await process.WaitForExitAsync(TestContext.CancellationToken);
        Assert.AreEqual(0, process.ExitCode, await errors);
        return output;
    }

    private static Process StartNode(string script)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("node", [script])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception failure)
        {
            throw new InvalidOperationException(
                "Node.js is needed for the parser of Snowflake's dialect; tests/run.sh installs it with apt-get.", failure);
        }
    }
}
