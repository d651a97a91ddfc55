using Crypto.TradeModel.Times;
using Crypto.Warehouse.Dimension;
using FsCheck;
using FsCheck.Fluent;

namespace Crypto.Warehouse.Tests.Dimension;

[TestClass]
public sealed class DimensionPlannerTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(1_500);

    private static readonly Timestamp[] RecordedTimes =
        [.. Enumerable.Range(1, 5).Select(day => Timestamp.Parse($"2026-01-0{day}T00:00:00Z"))];

    /// <summary>Changes recorded at a few instants, in any order of arrival, some of them twice, cut into batches.</summary>
    private static readonly Gen<SymbolChange[][]> Arrivals =
        from changes in Changes.Some
        from recorded in Gen.ArrayOf(Gen.Elements(RecordedTimes), changes.Length)
        let dated = changes.Zip(recorded, (change, time) => change with { RecordedTime = time }).ToArray()
        from repeated in Gen.SubListOf(dated)
        from order in Gen.Shuffle(dated.Concat(repeated).ToArray())
        from cuts in Gen.ArrayOf(Gen.Choose(1, 4), order.Length)
        select Batches(order, cuts);

    [TestMethod]
    public void Plan_AnyArrival_WritesTheRowsThatTheSetOfChangesGives() =>
        Prop.ForAll(Arrivals.ToArbitrary(), batches =>
        {
            var table = new Table();
            var known = new List<SymbolChange>();
            foreach (var batch in batches)
            {
                var plan = DimensionPlanner.Plan(known, batch, AttributeOwnership.Shared);
                table.Apply(plan.Operations);
                Remember(known, plan.Added);
                AssertEqualsTheDefinition(table, known);
            }
        }).Check(Thorough);

    [TestMethod]
    public void Plan_EveryArrivalOfTheSameSet_EndsWithTheSameRows()
    {
        var pairs =
            from batches in Arrivals
            let all = batches.SelectMany(batch => batch).ToArray()
            from order in Gen.Shuffle(all)
            from cuts in Gen.ArrayOf(Gen.Choose(1, 4), order.Length)
            select (First: batches, Second: Batches(order, cuts));

        Prop.ForAll(pairs.ToArbitrary(), pair => CollectionAssert.AreEquivalent(RowsAfter(pair.First), RowsAfter(pair.Second)))
            .Check(Thorough);
    }

    [TestMethod]
    public void Plan_InOrderOfRecordedTime_NeverRemovesARow() =>
        Prop.ForAll(Arrivals.ToArbitrary(), batches =>
        {
            var known = new List<SymbolChange>();
            foreach (var batch in batches.SelectMany(batch => batch).GroupBy(change => change.RecordedTime).OrderBy(group => group.Key))
            {
                var plan = DimensionPlanner.Plan(known, [.. batch], AttributeOwnership.Shared);
                Assert.IsFalse(plan.Operations.Any(operation => operation.Kind == OperationKind.Remove));
                Remember(known, plan.Added);
            }
        }).Check(Thorough);

    [TestMethod]
    public void Plan_AnyChange_RebindsExactlyTheTimesWhoseKeyChanged() =>
        Prop.ForAll(Arrivals.ToArbitrary(), batches =>
        {
            var known = new List<SymbolChange>();
            foreach (var batch in batches)
            {
                var before = Changes.Fold(known);
                var plan = DimensionPlanner.Plan(known, batch, AttributeOwnership.Shared);
                Remember(known, plan.Added);
                if (before.Count == 0) continue;
                var after = Changes.Fold(known);
                foreach (var time in before.Concat(after).SelectMany(version => new[] { version.ValidFrom, Before(version.ValidTo) }))
                {
                    var changed = At(before, time).SymbolKey != At(after, time).SymbolKey;
                    var rebinding = plan.Rebindings
                        .Where(stretch => stretch.ChangesKey && stretch.From <= time && time < stretch.To)
                        .ToList();
                    Assert.HasCount(changed ? 1 : 0, rebinding, $"at {time}");
                    if (!changed) continue;
                    Assert.AreEqual(At(before, time).SymbolKey, rebinding[0].Old.SymbolKey);
                    Assert.AreEqual(At(after, time).SymbolKey, rebinding[0].New.SymbolKey);
                }
            }
        }).Check(Thorough);

    [TestMethod]
    public void Plan_LateChange_SplitsTheCoveringVersion()
    {
        SymbolChange[] known =
        [
            Recorded(1, Changes.Sector(1, "1970-01-01T00:00:00Z", "a")),
            Recorded(1, Changes.Sector(2, "2024-01-01T00:00:00Z", "c")),
        ];

        var plan = DimensionPlanner.Plan(known, [Recorded(2, Changes.Sector(3, "2023-01-01T00:00:00Z", "b"))], AttributeOwnership.Shared);

        CollectionAssert.AreEqual(
            new[] { OperationKind.Supersede, OperationKind.Close, OperationKind.Insert },
            plan.Operations.Select(operation => operation.Kind).ToArray());
        Assert.AreEqual("2023-01-01T00:00:00.000000Z", plan.Operations[1].Row.Version.ValidTo.ToString());
        var rebinding = plan.Rebindings.Single();
        Assert.AreEqual((Timestamp.Parse("2023-01-01T00:00:00Z"), Timestamp.Parse("2024-01-01T00:00:00Z")), (rebinding.From, rebinding.To));
    }

    [TestMethod]
    public void Plan_ChangeThatMakesNeighborsEqual_JoinsThem()
    {
        SymbolChange[] known =
        [
            Recorded(1, Changes.Sector(1, "1970-01-01T00:00:00Z", "a")), Recorded(1, Changes.Sector(2, "2023-01-01T00:00:00Z", "b")),
            Recorded(1, Changes.Sector(3, "2024-01-01T00:00:00Z", "a")),
        ];

        var plan = DimensionPlanner.Plan(known, [Recorded(2, Changes.Sector(4, "2023-01-01T00:00:00Z", "a"))], AttributeOwnership.Shared);

        var version = plan.History.Versions.Single();
        Assert.AreEqual((Timestamp.Epoch, Timestamp.EndOfTime), (version.ValidFrom, version.ValidTo));
        Assert.AreEqual(3, plan.Operations.Count(operation => operation.Kind == OperationKind.Supersede));
    }

    [TestMethod]
    public void Plan_InferredMemberDescribed_IsCompletedUnderItsKey()
    {
        var plan = DimensionPlanner.Plan(
            [Recorded(1, Changes.Inferred)], [Recorded(2, Changes.Sector(1, "2025-01-01T00:00:00Z", "a"))], AttributeOwnership.Shared);

        var completed = plan.Operations.Single(operation => operation.Kind == OperationKind.Complete).Row.Version;
        Assert.AreEqual(SymbolKey.Of(Changes.Key, Timestamp.Epoch), completed.SymbolKey);
        Assert.IsFalse(completed.IsInferred);
        Assert.IsEmpty(plan.Rebindings);
    }

    [TestMethod]
    public void Plan_DeleteAndResurrection_AreOrdinaryVersions()
    {
        var created = Recorded(1, Changes.Sector(1, "1970-01-01T00:00:00Z", "a"));
        var gone = Timestamp.Parse("2023-01-01T00:00:00Z");
        var deleted = Recorded(2, Changes.Of(ChangeSource.ReferenceFile, 2, gone, ChangeOperation.Delete));
        var back = Recorded(3, Changes.Of(ChangeSource.ReferenceFile, 3, Timestamp.Parse("2024-01-01T00:00:00Z"), ChangeOperation.Upsert));

        var versions = DimensionPlanner.Plan([created], [deleted, back], AttributeOwnership.Shared).History.Versions;

        CollectionAssert.AreEqual(new[] { false, true, false }, versions.Select(version => version.IsDeleted).ToArray());
        Assert.IsTrue(versions.All(version => version[SymbolAttribute.Sector] == "a"), "what was known is carried through the deletion");
    }

    [TestMethod]
    public void Plan_KnownChangesAgain_DoesNothing()
    {
        SymbolChange[] known = [Recorded(1, Changes.Sector(1, "1970-01-01T00:00:00Z", "a"))];

        var plan = DimensionPlanner.Plan(known, [known[0] with { RecordedTime = RecordedTimes[3] }], AttributeOwnership.Shared);

        Assert.IsEmpty(plan.Added);
        Assert.IsEmpty(plan.Operations);
    }

    [TestMethod]
    public void Plan_AttributeOfAnotherOwner_IsNotAppliedAndVisible()
    {
        var owned = Recorded(1, Changes.Sector(1, "1970-01-01T00:00:00Z", "a"));
        var intruder = Recorded(2, Changes.Sector(2, "2024-01-01T00:00:00Z", "b", ChangeSource.ExchangeInfo));

        var plan = DimensionPlanner.Plan([owned], [intruder], AttributeOwnership.Default);

        Assert.AreEqual("a", plan.History.Versions.Single()[SymbolAttribute.Sector]);
        var conflict = plan.History.Conflicts().Single();
        Assert.AreEqual((ConflictRule.Ownership, intruder.Hash), (conflict.Rule, conflict.Loser.Hash));
    }

    [TestMethod]
    public void Plan_TwoSourcesOfOneInstant_TheLoserIsVisible()
    {
        var file = Recorded(1, Changes.Sector(1, "2024-01-01T00:00:00Z", "a"));
        var stream = Recorded(1, Changes.Sector(1, "2024-01-01T00:00:00Z", "b", ChangeSource.ChangeDataCapture));

        var history = DimensionPlanner.Plan([], [stream, file], AttributeOwnership.Default).History;

        Assert.AreEqual("b", history.Versions.Single()[SymbolAttribute.Sector]);
        var conflict = history.Conflicts().Single();
        Assert.AreEqual((ConflictRule.Priority, file.Hash, stream.Hash), (conflict.Rule, conflict.Loser.Hash, conflict.Winner!.Hash));
    }

    [TestMethod]
    public void Plan_ExactTie_TheGreaterHashWinsAndTheLoserIsVisible()
    {
        var tied = new[]
        {
            Recorded(1, Changes.Sector(1, "2024-01-01T00:00:00Z", "a")),
            Recorded(1, Changes.Sector(1, "2024-01-01T00:00:00Z", "b")),
        };
        var winner = tied.MaxBy(change => change.Hash, StringComparer.Ordinal)!;

        var history = DimensionPlanner.Plan([], tied, AttributeOwnership.Default).History;

        Assert.AreEqual(winner.Attributes[SymbolAttribute.Sector], history.Versions.Single()[SymbolAttribute.Sector]);
        Assert.AreEqual((ConflictRule.Tie, winner.Hash), (history.Conflicts().Single().Rule, history.Conflicts().Single().Winner!.Hash));
    }

    [TestMethod]
    public void Plan_CorrectionWithAHigherSequence_IsNoConflict()
    {
        var history = DimensionPlanner.Plan(
            [Recorded(1, Changes.Sector(1, "2024-01-01T00:00:00Z", "a"))], [Recorded(2, Changes.Sector(2, "2024-01-01T00:00:00Z", "b"))],
            AttributeOwnership.Default).History;

        Assert.AreEqual("b", history.Versions.Single()[SymbolAttribute.Sector]);
        Assert.IsEmpty(history.Conflicts());
        Assert.AreEqual("a", history.Superseded.Single().Version[SymbolAttribute.Sector], "what was current before is kept");
    }

    private static SymbolChange Recorded(int day, SymbolChange change) => change with { RecordedTime = RecordedTimes[day - 1] };

    private static Timestamp Before(Timestamp time) => new(time.Microseconds - 1);

    private static SymbolVersion At(IReadOnlyList<SymbolVersion> versions, Timestamp time) =>
        versions.Single(version => version.ValidFrom <= time && time < version.ValidTo);

    private static SymbolChange[][] Batches(SymbolChange[] order, int[] cuts)
    {
        var batches = new List<SymbolChange[]>();
        for (int from = 0, cut = 0; from < order.Length; from += cuts[cut++]) batches.Add([.. order.Skip(from).Take(cuts[cut])]);
        return [.. batches];
    }

    private static void Remember(List<SymbolChange> known, IReadOnlyList<SymbolChange> added)
    {
        known.RemoveAll(added.Contains);
        known.AddRange(added);
    }

    private static RecordedVersion[] RowsAfter(SymbolChange[][] batches)
    {
        var table = new Table();
        var known = new List<SymbolChange>();
        foreach (var batch in batches)
        {
            var plan = DimensionPlanner.Plan(known, batch, AttributeOwnership.Shared);
            table.Apply(plan.Operations);
            Remember(known, plan.Added);
        }

        return [.. table.Rows];
    }

    /// <summary>What was current at each instant is the slow fold of what was recorded by then.</summary>
    private static void AssertEqualsTheDefinition(Table table, List<SymbolChange> known)
    {
        foreach (var time in RecordedTimes)
        {
            var recorded = known.Where(change => change.RecordedTime <= time).ToList();
            var expected = recorded.Count == 0 ? [] : SlowFold.Fold(recorded);
            var current = table.Rows
                .Where(row => row.WasCurrentAt(time))
                .Select(row => row.Version)
                .OrderBy(version => version.ValidFrom)
                .Select(version => (version.ValidFrom, version.ValidTo, SlowFold.StateOf(version)))
                .ToList();
            CollectionAssert.AreEqual(expected, current, $"as known at {time}");
        }

        foreach (var row in table.Rows) Assert.AreEqual(SymbolKey.Of(Changes.Key, row.Version.ValidFrom), row.Version.SymbolKey);
    }

    /// <summary>The dimension table with its primary key, refusing what a database would refuse.</summary>
    private sealed class Table
    {
        private readonly Dictionary<(long Key, Timestamp RecordedFrom), RecordedVersion> _rows = [];

        public IReadOnlyCollection<RecordedVersion> Rows => _rows.Values;

        public void Apply(IReadOnlyList<DimensionOperation> operations)
        {
            foreach (var (kind, row) in operations)
            {
                var id = (row.Version.SymbolKey, row.RecordedFrom);
                switch (kind)
                {
                    case OperationKind.Remove:
                        Assert.IsTrue(_rows.Remove(id), $"{kind} of a row that is not there");
                        break;
                    case OperationKind.Supersede:
                        Assert.AreEqual(_rows[id].Version, row.Version);
                        _rows[id] = row;
                        break;
                    default:
                        Assert.IsTrue(_rows.TryAdd(id, row), $"{kind} of a row that is there");
                        break;
                }

                Assert.IsLessThanOrEqualTo(
                    1, _rows.Count(
                        entry => entry.Key.Key == row.Version.SymbolKey && entry.Value.IsCurrent), $"current twice after {kind}");
            }
        }
    }
}
