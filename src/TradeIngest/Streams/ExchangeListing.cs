namespace Crypto.TradeIngest.Streams;

/// <summary>What an exchange lists.</summary>
/// <param name="Symbols">Each once.</param>
/// <param name="Unreadable">By ticker, why a symbol that is listed could not be read. It is not captured, and not gone either.</param>
internal sealed record ExchangeListing(IReadOnlyList<ExchangeSymbol> Symbols, IReadOnlyDictionary<string, string> Unreadable);
