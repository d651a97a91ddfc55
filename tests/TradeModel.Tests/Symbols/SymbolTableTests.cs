using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Symbols;

namespace Crypto.TradeModel.Tests.Symbols;

[TestClass]
public sealed class SymbolTableTests
{
    [TestMethod]
    public void TryIntern_FromManyThreads_GivesOneInstancePerTicker()
    {
        const int Tickers = 3_000;
        const int Threads = 4;
        var table = new SymbolTable();
        var seen = new Symbol[Threads][];
        using var start = new Barrier(Threads);
        var threads = Enumerable.Range(0, Threads).Select(number => new Thread(() =>
        {
            var order = Enumerable.Range(0, Tickers).ToArray();
            new Random(number).Shuffle(order);
            var mine = seen[number] = new Symbol[Tickers];
            start.SignalAndWait();
            foreach (var i in order) mine[i] = table.Intern($"T{i}USDT");
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();

        Assert.AreEqual(Tickers, table.Count);
        for (var i = 0; i < Tickers; i++)
        {
            Assert.AreEqual($"T{i}USDT", seen[0][i].Ticker);
            foreach (var other in seen) Assert.AreSame(seen[0][i], other[i]);
            Assert.AreSame(seen[0][i], table[seen[0][i].Ordinal]);
        }

        CollectionAssert.AreEquivalent(Enumerable.Range(0, Tickers).ToArray(), seen[0].Select(symbol => symbol.Ordinal).ToArray());
    }

    [TestMethod]
    public void TryIntern_Full_RefusesNewAndKnowsOld()
    {
        var table = new SymbolTable(capacity: 2);
        var first = table.Intern("A");
        table.Intern("B");

        Assert.IsFalse(table.TryIntern("C"u8, out _));
        Assert.IsTrue(table.TryIntern("A"u8, out var again));
        Assert.AreSame(first, again);
        Assert.AreEqual(2, table.Count);
        Assert.ThrowsExactly<ArgumentException>(() => table.Intern("C"));
    }

    [TestMethod]
    public void TryIntern_Length_HasBounds()
    {
        var table = new SymbolTable();

        Assert.IsFalse(table.TryIntern([], out _));
        Assert.IsTrue(table.TryIntern(new byte[SymbolTable.MaxTickerLength], out _));
        Assert.IsFalse(table.TryIntern(new byte[SymbolTable.MaxTickerLength + 1], out _));
    }

    [TestMethod]
    public void TryIntern_NoUtf8_IsRefused()
    {
        var table = new SymbolTable();

        Assert.IsFalse(table.TryIntern([0x42, 0xFF], out _));
        Assert.IsFalse(table.TryIntern([0xED, 0xA0, 0x80], out _));
        Assert.AreEqual(0, table.Count);
    }

    [TestMethod]
    public void TryIntern_CaseAndBytes_TellSymbolsApart()
    {
        var table = new SymbolTable();

        Assert.AreNotSame(table.Intern("btcusdt"), table.Intern("BTCUSDT"));
        var chinese = table.Intern("币安人生USDT");
        Assert.IsTrue(Encoding.UTF8.GetBytes("币安人生USDT").AsSpan().SequenceEqual(chinese.Utf8));
    }

    [TestMethod]
    public void TryFind_Unknown_AddsNothing()
    {
        var table = new SymbolTable();

        Assert.IsFalse(table.TryFind("A"u8, out _));
        Assert.AreEqual(0, table.Count);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => table[0]);
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => table[-1]);
    }

    [TestMethod]
    public void TryIntern_Known_AllocatesNothing()
    {
        var table = new SymbolTable();
        table.Intern("BTCUSDT");

        Assert.AreEqual(0, Allocations.Of(() => table.TryIntern("BTCUSDT"u8, out _)));
    }

    [TestMethod]
    public void Closed_OfSome_FindsTheSameObjectsAndTakesNoOthers()
    {
        var table = new SymbolTable();
        Symbol[] all = [.. Enumerable.Range(0, 1000).Select(number => table.Intern($"S{number}"))];

        var closed = SymbolTable.Closed(all[..500]);

        foreach (var symbol in all[..500])
        {
            Assert.IsTrue(closed.TryIntern(symbol.Utf8, out var found));
            Assert.AreSame(symbol, found);
        }

        foreach (var symbol in all[500..]) Assert.IsFalse(closed.TryIntern(symbol.Utf8, out _));
        Assert.IsFalse(SymbolTable.Closed([]).TryIntern("S1"u8, out _));
        Assert.IsTrue(closed.IsClosed);
        Assert.IsFalse(table.IsClosed);
    }
}
