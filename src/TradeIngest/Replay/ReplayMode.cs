using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Replay;

/// <summary>What becomes of replayed trades that are stored with another content.</summary>
/// <param name="IsCorrecting">True: they take the place of what is stored. False: each is kept as a conflict beside it.</param>
/// <param name="Conflicts">The trades that are in conflict; a correction settles them also where it says what is stored.</param>
internal sealed record ReplayMode(bool IsCorrecting, IReadOnlySet<TradeKey> Conflicts)
{
    public static ReplayMode Adding { get; } = new(false, new HashSet<TradeKey>());

    /// <summary>Whether a trade that is stored as it is settles a conflict about it.</summary>
    public bool Settles(in Trade trade) => IsCorrecting && Conflicts.Contains(TradeKey.Of(in trade));
}
