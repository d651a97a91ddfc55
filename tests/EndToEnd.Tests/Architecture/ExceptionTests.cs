using System.Text.RegularExpressions;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>
/// Expected failures are of one hierarchy per assembly, so that whoever catches can name them; the model has none, since what cannot be
/// read there is a value.
/// </summary>
[TestClass]
public sealed partial class ExceptionTests
{
    // Calls that only a mistake in this code can make.
    private static readonly string[] Misuse =
    [
        "TradeIngest/Hosting/Stores.cs",
        "TradeIngest/Jobs/StageBench.cs",
        "TradeIngest/Log/Kafka/KafkaNative.cs",
        "Warehouse/Snowflake/Streaming/RowBatch.cs",
    ];

    [TestMethod]
    [DataRow("TradeModel", null)]
    [DataRow("Warehouse", "StoreException")]
    [DataRow("trade-ingest", "IngestException")]
    public void Exceptions_OfEachAssembly_AreKindsOfItsOneBase(string assembly, string? root)
    {
        var exceptions = Source.Types
            .Where(type => type.Assembly.GetName().Name == assembly && typeof(Exception).IsAssignableFrom(type))
            .ToList();

        Assert.AreEqual(root, exceptions.SingleOrDefault(type => type.IsAbstract)?.Name);
        Assert.IsEmpty(exceptions.Where(type => !type.IsAbstract && !(type.IsSealed && type.BaseType!.Name == root)));
        Assert.AreEqual(exceptions.Count, exceptions.DistinctBy(type => type.Name).Count());
    }

    [TestMethod]
    public void Source_ExpectedFailures_AreNoBareExceptions()
    {
        var bare = Source.Files()
            .Where(file => !Misuse.Contains(file.Path))
            .SelectMany(file => Bare().Matches(file.Text).Select(match => $"{file.Path}: {match.Value}"));
        Assert.IsEmpty(bare, string.Join(Environment.NewLine, bare));
    }

    [GeneratedRegex(
        @"new (System\.)?(Exception|SystemException|ApplicationException|InvalidOperationException)\(", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Bare();
}
