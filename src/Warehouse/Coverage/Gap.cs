using Crypto.TradeModel.Continuity;

namespace Crypto.Warehouse.Coverage;

/// <summary>A run of ids that are missing, or were, all in the same way.</summary>
public readonly record struct Gap(IdRange Ids, GapState State)
{
    public override string ToString() => State == GapState.Open ? $"{Ids}" : $"{Ids} {State.Name()}";
}
