using System.Diagnostics.CodeAnalysis;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;

namespace Crypto.Warehouse.Loading;

/// <summary>The registered symbols of a warehouse, found by key, and by the symbol of a trade without hashing.</summary>
public sealed class SymbolStates
{
    private readonly Dictionary<NaturalKey, SymbolState> _byKey = [];

    // By Symbol.Ordinal; an entry is trusted only if it holds that very symbol.
    private (Symbol? Symbol, SymbolState? State)[] _byOrdinal = new (Symbol?, SymbolState?)[64];

    public IReadOnlyCollection<SymbolState> All => _byKey.Values;

    public bool TryGet(NaturalKey key, [MaybeNullWhen(false)] out SymbolState state) => _byKey.TryGetValue(key, out state);

    /// <summary>The state of a trade's symbol; null when it is not registered.</summary>
    public SymbolState? Find(Symbol symbol)
    {
        ArgumentNullException.ThrowIfNull(symbol);
        if (symbol.Ordinal < _byOrdinal.Length && ReferenceEquals(_byOrdinal[symbol.Ordinal].Symbol, symbol))
        {
            return _byOrdinal[symbol.Ordinal].State;
        }

        if (!_byKey.TryGetValue(KeyOf(symbol), out var state)) return null;
        if (symbol.Ordinal >= _byOrdinal.Length) Array.Resize(ref _byOrdinal, Math.Max(symbol.Ordinal + 1, _byOrdinal.Length * 2));
        _byOrdinal[symbol.Ordinal] = (symbol, state);
        return state;
    }

    public void Add(SymbolState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _byKey.Add(state.Key, state);
    }

    public void Clear()
    {
        _byKey.Clear();
        Array.Clear(_byOrdinal);
    }

    public static NaturalKey KeyOf(Symbol symbol)
    {
        ArgumentNullException.ThrowIfNull(symbol);
        return new NaturalKey(Exchange.Binance, symbol.Ticker);
    }
}
