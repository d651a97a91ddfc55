using Crypto.TestSupport;
using Crypto.Warehouse.Sqlite;

namespace Crypto.Warehouse.Tests.Sqlite;

[TestClass]
public sealed class ExactSumTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("(9223372036854775807), (9223372036854775807), (1)", "184467440737.09551615")]
    [DataRow("(-9223372036854775808), (-1)", "-92233720368.54775809")]
    [DataRow("(1), (NULL), (2)", "0.00000003")]
    [DataRow("(-1)", "-0.00000001")]
    [DataRow("(NULL)", "0.00000000")]
    public void ExactSum_BeyondSixtyFourBits_IsExact(string values, string expected)
    {
        using var database = Open();
        using var query = database.Prepare($"WITH v(x) AS (VALUES {values}) SELECT exact_sum(x) FROM v");

        Assert.IsTrue(query.Step());
        Assert.AreEqual(expected, query.GetText(0));
    }

    [TestMethod]
    public void ExactSum_NoRows_IsZero()
    {
        using var database = Open();
        using var query = database.Prepare("SELECT exact_sum(x) FROM t");

        Assert.IsTrue(query.Step());
        Assert.AreEqual("0.00000000", query.GetText(0));
    }

    [TestMethod]
    public void ExactSum_OfGroups_AddsEachByItself()
    {
        using var database = Open();

        var sums = SqliteContents.Rows(
            database,
            """
            WITH v(g, x) AS (VALUES (1, 100000000), (2, 400000000), (1, 200000000), (3, NULL), (4, 700000000))
            SELECT exact_sum(x), exact_sum(2 * x), (SELECT exact_sum(x) FROM v) FROM v GROUP BY g ORDER BY g
            """,
            row => $"{row.GetText(0)} {row.GetText(1)} {row.GetText(2)}");

        CollectionAssert.AreEqual(
            new[]
            {
                "3.00000000 6.00000000 14.00000000", "4.00000000 8.00000000 14.00000000", "0.00000000 0.00000000 14.00000000",
                "7.00000000 14.00000000 14.00000000",
            },
            sums);
    }

    [TestMethod]
    public void ExactSum_OfRoundedNumbers_IsRefused()
    {
        using var database = Open();
        using var query = database.Prepare("SELECT exact_sum(x) FROM (SELECT 1 AS x UNION ALL SELECT 1.5 UNION ALL SELECT 2)");

        var failure = Assert.ThrowsExactly<StorageException>(() => query.Step());

        Assert.Contains("was given '1.5'", failure.Message);
    }

    // A file without a table counts as not written yet.
    private SqliteDatabase Open()
    {
        using (var database = SqliteDatabase.OpenForWriting(_folder["a.db"], isDurable: false)) database.Execute("CREATE TABLE t (x)");
        return SqliteDatabase.OpenForReading(_folder["a.db"]);
    }
}
