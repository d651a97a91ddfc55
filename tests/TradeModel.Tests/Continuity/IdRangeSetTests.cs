using Crypto.TradeModel.Continuity;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.TradeModel.Tests.Continuity;

[TestClass]
public sealed class IdRangeSetTests
{
    private const int Universe = 40;

    /// <summary>One step: add an id, add a range or remove a range.</summary>
    private sealed record Step(int Kind, int From, int To);

    [TestMethod]
    public void Steps_OfAnyKind_KeepTheSetEqualToAHashSet()
    {
        var step =
            from kind in Gen.Choose(0, 2)
            from a in Gen.Choose(0, Universe - 1)
            from b in Gen.Choose(0, Universe - 1)
            select new Step(kind, Math.Min(a, b), Math.Max(a, b));

        Prop.ForAll(step.ListOf().ToArbitrary(), AgreesWithModel).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [TestMethod]
    public void Add_IdsInAnyOrder_IsOneRange()
    {
        var ids = Enumerable.Range(0, 10_000).Select(id => (long)id).ToArray();
        new Random(1).Shuffle(ids);
        var set = new IdRangeSet();

        foreach (var id in ids) Assert.IsTrue(set.Add(id));

        Assert.AreEqual("[0, 9999]", set.ToString());
        Assert.IsFalse(set.Add(5_000));
    }

    [TestMethod]
    public void Clone_ChangedAfterwards_LeavesTheOriginal()
    {
        var set = IdRangeSet.Of(new IdRange(1, 5));

        set.Clone().Add(9);

        Assert.AreEqual("[1, 5]", set.ToString());
    }

    [TestMethod]
    public void Add_LastPossibleId_WorksAndTheNextIsRefused()
    {
        var set = new IdRangeSet();
        set.Add(long.MaxValue - 1);

        Assert.IsTrue(set.Contains(long.MaxValue - 1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => set.Add(long.MaxValue));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => set.Add(new IdRange(3, long.MaxValue)));
        Assert.AreEqual(1, set.Count);
    }

    [TestMethod]
    public void AddAndRemove_NoRange_Throw()
    {
        var set = IdRangeSet.Of(new IdRange(1, 10));

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => set.Add(-1));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => set.Add(new IdRange(5, 3)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => set.Remove(new IdRange(5, 3)));
        Assert.AreEqual("[1, 10]", set.ToString());
    }

    private static bool AgreesWithModel(IEnumerable<Step> steps)
    {
        var set = new IdRangeSet();
        var model = new HashSet<long>();
        foreach (var step in steps)
        {
            var ids = Enumerable.Range(step.From, step.To - step.From + 1).Select(id => (long)id).ToArray();
            switch (step.Kind)
            {
                case 0:
                    if (set.Add(step.From) != model.Add(step.From)) return false;
                    break;
                case 1:
                    set.Add(new IdRange(step.From, step.To));
                    model.UnionWith(ids);
                    break;
                default:
                    set.Remove(new IdRange(step.From, step.To));
                    model.ExceptWith(ids);
                    break;
            }

            if (!Agrees(set, model)) return false;
        }

        return true;
    }

    private static bool Agrees(IdRangeSet set, HashSet<long> model)
    {
        var ranges = set.Ranges.ToArray();
        var sortedAndApart = ranges.Zip(ranges.Skip(1)).All(pair => pair.First.To + 1 < pair.Second.From)
            && ranges.All(range => range.From <= range.To);
        var missing = model.Count == 0
            ? []
            : Enumerable.Range(0, Universe).Select(id => (long)id).Where(id => id > model.Min() && id < model.Max() && !model.Contains(id));
        var holes = set.Holes().SelectMany(hole => Enumerable.Range((int)hole.From, (int)hole.Count).Select(id => (long)id));
        return sortedAndApart
            && Enumerable.Range(-1, Universe + 2).All(id => set.Contains(id) == model.Contains(id))
            && Enumerable.Range(-1, Universe + 2).All(id =>
                set.LastBefore(id) == model.Where(other => other < id).Cast<long?>().Max()
                && set.FirstAfter(id) == model.Where(other => other > id).Cast<long?>().Min())
            && set.Count == model.Count
            && set.IsEmpty == (model.Count == 0)
            && set.Max == (model.Count == 0 ? -1 : model.Max())
            && (model.Count == 0 || set.Min == model.Min())
            && missing.SequenceEqual(holes);
    }
}
