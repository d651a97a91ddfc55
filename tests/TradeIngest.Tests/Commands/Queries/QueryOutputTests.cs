using Crypto.TestSupport;
using Crypto.TradeIngest.Commands.Queries;
using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Tests.Commands.Queries;

[TestClass]
public sealed class QueryOutputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Complete_AllWritten_IsThereUnderItsName()
    {
        using (var output = QueryOutput.Open(_folder["rows.csv"]))
        {
            output.Stream.Write("a\n"u8);
            Assert.IsFalse(File.Exists(_folder["rows.csv"]));
            output.Complete();
        }

        Assert.AreEqual("a\n", File.ReadAllText(_folder["rows.csv"]));
        Assert.HasCount(1, Directory.GetFiles(_folder.FullName));
    }

    [TestMethod]
    public void Dispose_NotComplete_LeavesNothing()
    {
        using (var output = QueryOutput.Open(_folder["rows.csv"])) output.Stream.Write("a\n"u8);

        Assert.IsEmpty(Directory.GetFiles(_folder.FullName));
    }

    [TestMethod]
    public void Open_FileExists_IsRefusedAndLeftAlone()
    {
        File.WriteAllText(_folder["warehouse.db"], "precious");

        var failure = Assert.ThrowsExactly<ConfigurationException>(() => QueryOutput.Open(_folder["warehouse.db"]));

        Assert.Contains("exists", failure.Message);
        Assert.AreEqual("precious", File.ReadAllText(_folder["warehouse.db"]));
    }

    [TestMethod]
    public void Open_NoSuchFolder_SaysSo()
    {
        var failure = Assert.ThrowsExactly<ConfigurationException>(() => QueryOutput.Open(_folder["none/rows.csv"]));

        Assert.Contains("--output", failure.Message);
    }
}
