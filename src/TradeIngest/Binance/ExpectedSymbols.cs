using Crypto.TradeModel.Symbols;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// The symbols that a stream was ever asked for. A frame of any other one is a dead letter; one of a symbol that was unsubscribed since is
/// not, as frames under way still come. Reading is safe at any time; one thread adds.
/// </summary>
internal sealed class ExpectedSymbols
{
    private readonly HashSet<Symbol> _symbols = new(ReferenceEqualityComparer.Instance);
    private volatile SymbolTable _table = SymbolTable.Closed([]);

    public SymbolTable Table => _table;

    public void Add(IEnumerable<Symbol> symbols)
    {
        var count = _symbols.Count;
        _symbols.UnionWith(symbols);
        if (_symbols.Count > count) _table = SymbolTable.Closed(_symbols);
    }
}
