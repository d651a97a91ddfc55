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
        SqliteDatabase.OpenForWriting(_folder["a.db"], isDurable: false).Dispose();
        using var database = SqliteDatabase.OpenForReading(_folder["a.db"]);
        using var query = database.Prepare($"WITH v(x) AS (VALUES {values}) SELECT exact_sum(x) FROM v");

        Assert.IsTrue(query.Step());
        Assert.AreEqual(expected, query.GetText(0));
    }

    [TestMethod]
    public void ExactSum_NoRows_IsZero()
    {
        SqliteDatabase.OpenForWriting(_folder["a.db"], isDurable: false).Dispose();
        using var database = SqliteDatabase.OpenForReading(_folder["a.db"]);
        using var query = database.Prepare("SELECT exact_sum(1) FROM sqlite_master");

        Assert.IsTrue(query.Step());
        Assert.AreEqual("0.00000000", query.GetText(0));
    }
}
