using System.Text.RegularExpressions;
using Crypto.TestSupport;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>
/// The folders of each project are rooms in layers, and a room uses only those of the layers beneath it. A new folder is to be given its
/// place here.
/// </summary>
[TestClass]
public sealed partial class RoomTests
{
    private static readonly Dictionary<string, string[][]> Layers = new(StringComparer.Ordinal)
    {
        ["TradeIngest"] =
        [
            ["Csv", "Diagnostics", "Workers"],
            ["Configuration"],
            ["Simulation", "Streams"],
            ["Binance", "Contracts", "Pipelines"],
            ["Log"],
            ["Reference", "Replay", "Sink"],
            ["Backfill"],
            ["Ingest"],
            ["Hosting"],
            ["Jobs"],
            ["Commands"],
        ],
        ["Warehouse"] = [["Dimension"], ["Coverage"], ["Loading"], ["Audits"], ["Snowflake", "Sqlite"]],
        ["TradeModel"] = [["Continuity", "Numbers", "Symbols", "Times"], ["Trades"], ["Quality"], ["Contract"]],
    };

    [TestMethod]
    [DataRow("TradeIngest")]
    [DataRow("Warehouse")]
    [DataRow("TradeModel")]
    public void Rooms_OfEachProject_UseOnlyThoseBeneath(string project)
    {
        var layers = Layers[project];
        var layerOf = layers.SelectMany((rooms, layer) => rooms.Select(room => (room, layer))).ToDictionary(StringComparer.Ordinal);
        var upward = new List<string>();
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (room, file, used) in Uses(project))
        {
            found.Add(room);
            if (!layerOf.TryGetValue(room, out var layer)) Assert.Fail($"src/{project}/{room} has no layer: give it one.");
            if (used != room && layerOf.TryGetValue(used, out var other) && other >= layer) upward.Add($"{file}: {room} → {used}");
        }

        Assert.IsEmpty(upward, string.Join(Environment.NewLine, upward));
        CollectionAssert.AreEquivalent(layerOf.Keys, found.ToArray(), "Rooms that are gone have no layer.");
    }

    /// <summary>What each file of a room mentions of its project's namespaces, itself included.</summary>
    private static IEnumerable<(string Room, string File, string Used)> Uses(string project)
    {
        var root = Path.Combine(Repository.Root, "src", project);
        foreach (var path in Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
        {
            var parts = Path.GetRelativePath(root, path).Split(Path.DirectorySeparatorChar);
            if (parts.Length == 1 || parts[0] is "bin" or "obj") continue;
            yield return (parts[0], parts[^1], parts[0]);
            foreach (Match match in Mention().Matches(File.ReadAllText(path)))
            {
                if (match.Groups["project"].Value == project) yield return (parts[0], parts[^1], match.Groups["room"].Value);
            }
        }
    }

    [GeneratedRegex(@"Crypto\.(?<project>\w+)\.(?<room>\w+)", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Mention();
}
