using Crypto.TradeModel.Quality;

namespace Crypto.TradeModel.Tests.Quality;

[TestClass]
public sealed class ErrorReasonsTests
{
    [TestMethod]
    public void TryParse_EveryName_IsItsReason()
    {
        foreach (var reason in Enum.GetValues<ErrorReason>())
        {
            Assert.IsTrue(ErrorReasons.TryParse(reason.Name(), out var parsed));
            Assert.AreEqual(reason, parsed);
        }
    }

    [TestMethod]
    public void Name_OfEveryReason_IsUniqueAndInSnakeCase()
    {
        var names = Enum.GetValues<ErrorReason>().Select(reason => reason.Name()).ToArray();

        CollectionAssert.AllItemsAreUnique(names);
        foreach (var name in names) Assert.MatchesRegex("^[a-z]+(_[a-z]+)*$", name);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("Malformed_Json")]
    [DataRow("unheard_of")]
    public void TryParse_OtherText_IsRefused(string name) => Assert.IsFalse(ErrorReasons.TryParse(name, out _));

    [TestMethod]
    public void Name_Undefined_Throws() => Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => ((ErrorReason)255).Name());
}
