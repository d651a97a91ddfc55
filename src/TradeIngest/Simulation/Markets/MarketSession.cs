using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// One run of the market. Later runs over the same stored data continue the ids of earlier ones with their own clock and pace.
/// </summary>
/// <param name="Origin">The instant the run starts.</param>
/// <param name="MilliTradesPerSecond">Trades per 1,000 seconds over all symbols of the run: an integer, so that times are exact.</param>
/// <param name="FirstK">
/// Per ticker of this run, the index of its first trade. A trade belongs to the last session that starts at or before it.
/// </param>
/// <param name="EndK">
/// Per ticker, one past the last trade that happened or, where the run was cut short, that may have: written before trades happen, so that
/// no later run uses their ids again. Null before the first of them, and in descriptions of earlier versions.
/// </param>
/// <param name="ListedAt">Per ticker that was listed during the run, when: its trades begin then, with the id 0.</param>
internal sealed record MarketSession(
    Timestamp Origin, long MilliTradesPerSecond, IReadOnlyDictionary<string, long> FirstK, IReadOnlyDictionary<string, long>? EndK = null,
    IReadOnlyDictionary<string, Timestamp>? ListedAt = null);
