using Crypto.TestSupport;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Streams;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Tests.Hosting;

[TestClass]
public sealed class SymbolsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.FullName, "symbols.json");

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Edit_OneAfterTheOther_KeepsTheirOrderAndEachOnce()
    {
        SymbolsFile.Edit(File, isAdding: true, ["BTCUSDT", "ETHUSDT"]);
        SymbolsFile.Edit(File, isAdding: false, ["*USDT"]);
        SymbolsFile.Edit(File, isAdding: true, ["ETHUSDT"]);

        CollectionAssert.AreEqual(
            new SymbolEdit[] { new(true, "BTCUSDT"), new(false, "*USDT"), new(true, "ETHUSDT") }, SymbolsFile.Read(File).ToArray());
        Assert.IsFalse(System.IO.File.Exists(File + ".new"));
    }

    [TestMethod]
    public void Read_NoFile_IsNoEdit() => Assert.IsEmpty(SymbolsFile.Read(File));

    [TestMethod]
    [DataRow("{")]
    [DataRow("null")]
    [DataRow("""{"version":2,"edits":[]}""")]
    [DataRow("""{"version":1,"edits":[{"change":"drop","symbols":"BTCUSDT"}]}""")]
    [DataRow("""{"version":1,"edits":[{"change":"add","symbols":"BTC/USDT"}]}""")]
    public void Read_AnythingElse_SaysWhatToDo(string text)
    {
        System.IO.File.WriteAllText(File, text);

        StringAssert.Contains(Assert.ThrowsExactly<ConfigurationException>(() => SymbolsFile.Read(File)).Message, "repair it");
    }

    [TestMethod]
    public void Rules_FileChanges_AreReadAgainAndFaultsLeaveWhatWasKnown()
    {
        using var logger = new RecordingLogger();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(logger));
        var rules = new SymbolRulesFiles(
            new ExchangeOptions { Symbols = "BTCUSDT" }, File, reread: null, loggers.CreateLogger<SymbolRulesFiles>());
        var first = rules.Read();
        Assert.AreSame(first, rules.Read());

        SymbolsFile.Edit(File, isAdding: true, ["ETHUSDT"]);
        var second = rules.Read();
        System.IO.File.WriteAllText(File, "{");

        Assert.AreSame(second, rules.Read());
        Assert.AreSame(second, rules.Read());
        Assert.IsTrue(second.Wants("ETHUSDT") && !first.Wants("ETHUSDT"));
        Assert.AreEqual(1, logger.Lines.Count(line => line.Contains("stays as it was", StringComparison.Ordinal)));
    }
}
