using System.Collections.Immutable;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;
using Crypto.Warehouse.Dimension;
using Crypto.Warehouse.Loading;

namespace Crypto.Warehouse.Tests;

/// <summary>
/// What every warehouse must do. An implementation derives one class from this and says how to open a fresh warehouse, how to open
/// the same one again, and how to read what is in it.
/// </summary>
public abstract partial class WarehouseContract
{
    private protected static readonly SymbolTable Symbols = new();

    private protected static readonly Symbol Btc = Symbols.Intern("BTCUSDT");

    private protected static readonly Symbol Eth = Symbols.Intern("ETHBTC");

    private protected ManualTimeProvider Clock { get; } = new();

    private protected IWarehouse Warehouse { get; private set; } = null!;

    public TestContext TestContext { get; set; } = null!;

    private protected CancellationToken Stop => TestContext.CancellationToken;

    [TestInitialize]
    public async Task OpenAsync() => Warehouse = await OpenFreshAsync();

    [TestCleanup]
    public async Task CloseAsync() => await Warehouse.DisposeAsync();

    /// <summary>An empty warehouse that takes its time from <see cref="Clock"/>; the one before is closed.</summary>
    private protected abstract Task<IWarehouse> OpenFreshAsync();

    /// <summary>The warehouse opened last, after it was closed.</summary>
    private protected abstract Task<IWarehouse> OpenAgainAsync();

    /// <summary>What is in the warehouse opened last, read while it is open.</summary>
    private protected abstract Task<WarehouseContents> ReadAsync();

    private protected async Task StartAfreshAsync()
    {
        await Warehouse.DisposeAsync();
        Warehouse = await OpenFreshAsync();
    }

    private protected async Task ReopenAsync()
    {
        await Warehouse.DisposeAsync();
        Warehouse = await OpenAgainAsync();
    }

    private protected ValueTask<LoadOutcome> LoadAsync(WarehouseBatch batch) => Warehouse.LoadAsync(batch, Stop);

    private protected ValueTask<ApplyOutcome> ApplyAsync(params SymbolChange[] changes) => Warehouse.ApplyAsync(changes, Stop);

    private protected static IdRange Ids(long from, long to) => new(from, to);

    private protected static Trade[] Trades(Symbol symbol, params ReadOnlySpan<long> ids)
    {
        var trades = new Trade[ids.Length];
        for (var i = 0; i < ids.Length; i++) trades[i] = TestTrades.Of(symbol, ids[i]);
        return trades;
    }

    /// <summary>A statement by the source that owns its attributes, recorded after everything before it.</summary>
    private protected SymbolChange Change(
        string ticker, long sequence, Timestamp validTime, params (SymbolAttribute Attribute, string? Value)[] attributes)
    {
        var isReference = attributes.All(pair => pair.Attribute is SymbolAttribute.Sector or SymbolAttribute.RiskLevel);
        Clock.Advance(TimeSpan.FromMicroseconds(1));
        return new SymbolChange(
            isReference ? ChangeSource.ReferenceFile : ChangeSource.ExchangeInfo, sequence, new NaturalKey(Exchange.Binance, ticker),
            ChangeOperation.Upsert, validTime, Timestamp.Now(Clock),
            attributes.ToImmutableSortedDictionary(pair => pair.Attribute, pair => pair.Value));
    }

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
