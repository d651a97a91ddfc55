namespace Crypto.TradeModel.Continuity;

/// <summary>A closed range of trade ids: both ends belong to it.</summary>
public readonly record struct IdRange(long From, long To)
{
    public long Count => To - From + 1;

    public bool Contains(long id) => id >= From && id <= To;

    public override string ToString() => $"[{From}, {To}]";
}
