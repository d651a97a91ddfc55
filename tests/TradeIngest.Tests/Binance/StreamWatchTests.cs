using Crypto.TestSupport;
using Crypto.TradeIngest.Binance;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Binance;

[TestClass]
public sealed class StreamWatchTests
{
    private static readonly SymbolTable Table = new();
    private static readonly Symbol Busy = Table.Intern("BUSYUSDT");
    private static readonly Symbol Rare = Table.Intern("RAREUSDT");

    private readonly ManualTimeProvider _clock = new();
    private readonly StreamWatch _watch;
    private readonly HashSet<Symbol> _unsubscribed = [];
    private bool _isPaused;
    private TimeSpan _latency = TimeSpan.FromMilliseconds(80);

    public StreamWatchTests() => _watch = new StreamWatch(new BinanceTradeStreamOptions(), _clock);

    [TestMethod]
    public void Look_SymbolThatTradesAllTheTime_IsSilentSoon()
    {
        for (var i = 0; i < 720; i++) Assert.IsNull(Look(Busy, Rare));

        var looks = 1;
        while (Look(Rare) is null) looks++;
        Assert.IsTrue(looks is >= 6 and <= 9, $"after {looks} looks of {_watch.Interval}");
    }

    [TestMethod]
    public void Look_SymbolThatTradesNowAndThen_IsSilentLater()
    {
        for (var i = 0; i < 720; i++) Assert.IsNull(i % 5 == 0 ? Look(Busy, Rare) : Look(Rare));

        for (var i = 0; i < 100; i++) Assert.IsNull(Look(Rare));
        string? reason = null;
        for (var i = 0; i < 100; i++) reason ??= Look(Rare);
        StringAssert.StartsWith(reason, "no trade of BUSYUSDT for ");
    }

    [TestMethod]
    public void Look_RareSymbols_MayBeSilentForDays()
    {
        for (var i = 0; i < 50_000; i++) Assert.IsNull(i % 1000 == 0 ? Look(Rare) : Look());
    }

    [TestMethod]
    public void Look_RareSymbolWithABurst_IsNotBusy()
    {
        for (var i = 0; i < 600; i++) Assert.IsNull(i % 100 == 0 ? Look(Rare) : Look());
        for (var i = 0; i < 12; i++) Assert.IsNull(Look([.. Enumerable.Repeat(Rare, 1000)]));

        for (var i = 0; i < 5000; i++) Assert.IsNull(Look());
    }

    [TestMethod]
    public void Look_WhileThisProcessDoesNotRead_JudgesNothing()
    {
        for (var i = 0; i < 720; i++) Assert.IsNull(Look(Busy));
        _isPaused = true;
        for (var i = 0; i < 100; i++) Assert.IsNull(Look());
        _isPaused = false;

        Assert.IsNull(Look(Busy));
    }

    [TestMethod]
    public void Look_UnsubscribedSymbol_IsNotMissedAlsoWhenItIsBack()
    {
        for (var i = 0; i < 720; i++) Assert.IsNull(Look(Busy, Rare));
        _unsubscribed.Add(Busy);
        for (var i = 0; i < 100; i++) Assert.IsNull(Look(Rare));
        _unsubscribed.Clear();

        for (var i = 0; i < 10; i++) Assert.IsNull(Look(Rare));
    }

    [TestMethod]
    public void Look_LatencyThatGrowsAndStays_IsLate()
    {
        for (var i = 0; i < 100; i++) Assert.IsNull(Look(Busy));
        _latency = TimeSpan.FromSeconds(4);
        for (var i = 0; i < 5; i++) Assert.IsNull(Look(Busy));

        Assert.AreEqual("trades come 3.9 s later than they did, for 30 s", Look(Busy));
    }

    [TestMethod]
    public void Look_LatencyThatComesBackOrWasThereFromTheStart_IsNot()
    {
        _latency = TimeSpan.FromMinutes(1);
        for (var i = 0; i < 100; i++) Assert.IsNull(Look(Busy));
        for (var i = 0; i < 100; i++)
        {
            _latency = TimeSpan.FromMinutes(1) + TimeSpan.FromSeconds(i % 5 == 0 ? 0 : 10);
            Assert.IsNull(Look(Busy));
        }
    }

    /// <summary>The trades of one interval, and the look at its end.</summary>
    private string? Look(params Symbol[] traded)
    {
        _clock.Advance(_watch.Interval);
        var now = Timestamp.Now(_clock);
        var sent = now + -_latency;
        var side = AggressorSide.Buy;
        Trade[] trades =
        [
            .. traded.Select(symbol => new Trade(symbol, 1, new Price(1), new Quantity(1), sent, sent, now, side, IngestSource.Stream)),
        ];
        _watch.Count(trades);
        return _watch.Look(_isPaused, symbol => !_unsubscribed.Contains(symbol));
    }
}
