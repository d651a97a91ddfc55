namespace Crypto.Warehouse.Dimension;

/// <summary>What identifies a symbol in the world: the exchange and the ticker it gives.</summary>
public readonly record struct NaturalKey(string Exchange, string Ticker)
{
    public override string ToString() => $"{Exchange}:{Ticker}";
}
