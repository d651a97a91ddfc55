using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>A row of <c>TRADE_COVERAGE</c>: a run of ids of one state.</summary>
public readonly record struct CoverageRange(IdRange Ids, CoverageState State);
