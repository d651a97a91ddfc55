namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>Trades <paramref name="From"/> to <paramref name="To"/> of a ticker, by index; the end is exclusive.</summary>
internal readonly record struct TradeSpan(long From, long To);
