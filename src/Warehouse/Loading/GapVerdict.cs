using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Symbols;
using Crypto.Warehouse.Coverage;

namespace Crypto.Warehouse.Loading;

/// <summary>A record that is no trade but says what became of missing ones.</summary>
/// <param name="Record">Its index in the batch: it holds for what came before, and what comes later for itself.</param>
/// <param name="Symbol">Of the trades.</param>
/// <param name="Ids">Which trades.</param>
/// <param name="State"><see cref="CoverageState.ExchangeHole"/> or <see cref="CoverageState.OutOfReach"/>.</param>
public readonly record struct GapVerdict(int Record, Symbol Symbol, IdRange Ids, CoverageState State);
