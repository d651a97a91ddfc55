using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Crypto.TestSupport;
using Crypto.Warehouse.Snowflake.Migrating;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class SqlScriptTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Statements_SemicolonsInQuotesCommentsAndBodies_CutNothing()
    {
        var statements = SqlScript.Statements("-- a; comment\nSELECT ';' AS \"a;b\"; /* x; */ CREATE PROCEDURE P() AS $$ BEGIN A; B; END; $$;\n-- only; this\n");

        Assert.HasCount(2, statements);
        Assert.EndsWith("\"a;b\"", statements[0]);
        Assert.EndsWith("$$", statements[1]);
    }

    [TestMethod]
    public void All_TablesAndViews_HaveACommentOnEachColumnAndOnThemselves()
    {
        foreach (var statement in SqlScript.All(new ObjectNames()).SelectMany(script => SqlScript.Statements(script.Text)))
        {
            var table = Regex.Match(statement, @"CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) (?<name>\w+) \((?<columns>.*?)\n\)(?<rest>[^A-Z]*COMMENT = '.+)", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
            if (!Regex.IsMatch(statement, @"CREATE (TABLE|OR REPLACE VIEW)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))) continue;
            Assert.IsTrue(table.Success, statement);
            var columns = Regex.Replace(table.Groups["columns"].Value, @"'(?:[^']|'')*'|\(\d+,\d+\)", "''", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Split(',');
            foreach (var column in columns) Assert.Contains(" COMMENT ", column, $"{table.Groups["name"].Value}: {column}");
        }
    }

    [TestMethod]
    public async Task EveryFile_ParsesInSnowflakesDialect()
    {
        using var folder = new TemporaryFolder();
        var source = Path.Combine(Root(), "tests", "Warehouse.Tests", "Snowflake", "Parsing");
        foreach (var file in Directory.GetFiles(source)) File.Copy(file, folder[Path.GetFileName(file)]);
        Assert.IsNotNull(
            await RunAsync("npm", "ci --no-audit --no-fund --prefer-offline", folder.FullName, ""),
            "Node.js with npm, and @polyglot-sql/sdk from its registry, are needed; tests/run.sh installs Node.js with apt-get. npm's own words are in this test's output.");

        var names = new ObjectNames();
        var texts = SqlScript.All(names).Append(new SqlScript("bootstrap.sql", SqlScript.Bootstrap(names)))
            .Concat(Directory.GetFiles(Path.Combine(Root(), "snowflake", "examples"), "*.sql").Select(file => new SqlScript(Path.GetFileName(file), File.ReadAllText(file))))
            .ToList();
        Assert.HasCount(Directory.GetFiles(Path.Combine(Root(), "snowflake"), "*.sql", SearchOption.AllDirectories).Length, texts);
        var statements = texts.SelectMany(script => SqlScript.Statements(script.Text), (script, statement) => new { file = script.Name, statement }).ToList();

        // The parser takes a procedure's body as text; its changes of rows are parsed on their own.
        statements.AddRange(texts.SelectMany(
            script => Regex.Matches(script.Text, @"\$\$(?<body>.*?)\$\$", RegexOptions.Singleline | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))
                .SelectMany(match => SqlScript.Statements(match.Groups["body"].Value))
                .Where(statement => Regex.IsMatch(statement, "^(INSERT|UPDATE|DELETE) ", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5))),
            (script, statement) => new { file = script.Name, statement }));
        Assert.IsGreaterThan(80, statements.Count);
        statements.Add(new { file = "self-test", statement = "SELECT FROM WHERE (" });

        var output = await RunAsync("node", "parse.mjs", folder.FullName, JsonSerializer.Serialize(statements));

        using var failures = JsonDocument.Parse(output!);
        Assert.AreEqual(
            "self-test", string.Join('\n', failures.RootElement.EnumerateArray().Select(failure => failure.GetProperty("file").GetString() is "self-test"
                ? "self-test"
                : failure.GetRawText())));
    }

    private async Task<string?> RunAsync(string program, string arguments, string folder, string input)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var errors = process.StandardError.ReadToEndAsync(TestContext.CancellationToken);
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.CancellationToken);
            await process.WaitForExitAsync(TestContext.CancellationToken);
            if (process.ExitCode == 0) return output;
            TestContext.WriteLine(await errors);
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string Root([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
