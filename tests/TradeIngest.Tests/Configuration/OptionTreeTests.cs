using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Meaning = System.ComponentModel.DescriptionAttribute;

namespace Crypto.TradeIngest.Tests.Configuration;

[TestClass]
public sealed class OptionTreeTests
{
    private static IReadOnlyList<OptionDescriptor> Options => OptionTree.Of(typeof(ServiceOptions)).Options;

    [TestMethod]
    public void Options_NumbersAndDurations_AllHaveBounds() => Assert.IsEmpty(
        Options.Where(
            option =>
                option.Type.IsValueType && option.Type != typeof(bool) && option.Range.Length == 0).Select(option => option.Key).ToArray());

    [TestMethod]
    public void Options_Descriptions_AreSentences() => Assert.IsEmpty(
        Options.Where(
            option =>
                !char.IsAsciiLetterUpper(option.Description[0]) || option.Description[^1] != '.'
                    || option.Description.Contains('|', StringComparison.Ordinal))
            .Select(option => option.Key).ToArray());

    [TestMethod]
    public void FaultsOf_Defaults_AreNone() => Assert.IsEmpty(OptionTree.FaultsOf(new ServiceOptions()).ToArray());

    [TestMethod]
    public void Defaults_ReadAsText_AreTheSameValues()
    {
        foreach (var option in Options.Where(option => !option.HasKeys && option.Default.Length > 0))
        {
            Assert.IsNull(option.TryRead(option.Default, out var value), option.Key);
            Assert.AreEqual(option.ValueIn(new ServiceOptions()), value, option.Key);
        }
    }

    [TestMethod]
    public void FaultsOf_ASectionByItself_NamesRangesAndRules()
    {
        var faults = OptionTree.FaultsOf(new Outer { Count = 4, Inner = new Inner { Wait = TimeSpan.Zero, Size = 70_000 } });

        CollectionAssert.AreEqual(
            new[] { "Count: 4 is not within 1 to 3", "Inner:Wait: 0s is not within 1s to 1m, or infinite", "Inner:Size: 70000 is not "
                + "within 1KiB to 64KiB", "Inner:Size: is too much" },
            faults.Select(fault => fault.ToString()).ToArray());
        Assert.IsEmpty(OptionTree.FaultsOf(new Outer { Inner = new Inner { Wait = Timeout.InfiniteTimeSpan } }).ToArray());
    }

    private sealed record Outer
    {
        [Meaning("How many.")]
        [Within("1", "3")]
        public int Count { get; init; } = 1;

        public Inner Inner { get; init; } = new();
    }

    private sealed record Inner : IOptionRules
    {
        [Meaning("How long.")]
        [Within("1s", "1m", Or = "infinite")]
        public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(1);

        [Meaning("How much.")]
        [BytesWithin("1KiB", "64KiB")]
        public long Size { get; init; } = 1024;

        public IEnumerable<OptionFault> Faults()
        {
            if (Size > 65_536) yield return new(nameof(Size), "is too much");
        }
    }
}
