using System.Collections.Immutable;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Dimension;

namespace Crypto.TradeIngest.Reference;

/// <summary>What exchangeInfo says of a symbol, as far as the dimension tracks it.</summary>
internal static class ExchangeInfoAssertions
{
    public static SymbolAssertion From(ExchangeSymbol symbol)
    {
        var attributes = ImmutableSortedDictionary.CreateBuilder<SymbolAttribute, string?>();
        attributes.Add(SymbolAttribute.BaseAsset, symbol.BaseAsset);
        attributes.Add(SymbolAttribute.QuoteAsset, symbol.QuoteAsset);
        attributes.Add(SymbolAttribute.Status, symbol.Status);
        if (symbol.TickSize is { } tick) attributes.Add(SymbolAttribute.TickSize, tick.ToString());
        if (symbol.StepSize is { } step) attributes.Add(SymbolAttribute.StepSize, step.ToString());
        return new SymbolAssertion(new NaturalKey(Exchange.Binance, symbol.Ticker), attributes.ToImmutable());
    }
}
