using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>Trades that were held back, for an id far from the others of their symbol, once it is known what they are.</summary>
internal sealed class FarTrades
{
    /// <summary>Borne out by another trade near them; they have passed by now.</summary>
    public List<Trade> Confirmed { get; } = [];

    /// <summary>Refuted, or never borne out; they have not passed.</summary>
    public List<Trade> Implausible { get; } = [];
}
