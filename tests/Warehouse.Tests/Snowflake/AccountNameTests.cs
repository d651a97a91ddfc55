using Crypto.Warehouse.Snowflake;

namespace Crypto.Warehouse.Tests.Snowflake;

[TestClass]
public sealed class AccountNameTests
{
    [TestMethod]
    [DataRow("myorg-account1", "myorg-account1.snowflakecomputing.com", "MYORG-ACCOUNT1")]
    [DataRow("MyOrg.account1", "myorg-account1.snowflakecomputing.com", "MYORG-ACCOUNT1")]
    [DataRow("myorg-my_account", "myorg-my-account.snowflakecomputing.com", "MYORG-MY_ACCOUNT")]
    [DataRow("xy12345", "xy12345.snowflakecomputing.com", "XY12345")]
    [DataRow("xy12345.us-east-1", "xy12345.us-east-1.snowflakecomputing.com", "XY12345")]
    [DataRow("xy12345.eu-central-1.aws", "xy12345.eu-central-1.aws.snowflakecomputing.com", "XY12345")]
    [DataRow("abc-def.global", "abc-def.global.snowflakecomputing.com", "ABC")]
    [DataRow("https://myorg-account1.snowflakecomputing.com/", "myorg-account1.snowflakecomputing.com", "MYORG-ACCOUNT1")]
    public void TryParse_EveryForm_GivesHostAndClaim(string text, string host, string claim)
    {
        Assert.IsTrue(AccountName.TryParse(text, out var name));
        Assert.AreEqual(new AccountName(host, claim), name);
    }

    [TestMethod]
    [DataRow(null)]
    [DataRow(" ")]
    [DataRow("my org")]
    [DataRow("a..b")]
    [DataRow("-a")]
    [DataRow("a/b")]
    [DataRow("a'b")]
    public void TryParse_NoName_IsRefused(string? text) => Assert.IsFalse(AccountName.TryParse(text, out _));

    [TestMethod]
    [DataRow("http://example.com", false)]
    [DataRow("ftp://localhost", false)]
    [DataRow("myorg", false)]
    [DataRow("http://127.0.0.1:8080", true)]
    [DataRow("http://localhost", true)]
    [DataRow("https://example.com", true)]
    public void Check_PlainHttp_IsForThisMachineOnly(string address, bool isGood)
    {
        if (isGood) SnowflakeAddress.Check(address);
        else Assert.AreEqual(
            SnowflakeFault.Configuration, Assert.ThrowsExactly<SnowflakeException>(() => SnowflakeAddress.Check(address)).Fault);
    }

    [TestMethod]
    [DataRow("https://user:hunter2@myorg-account1.snowflakecomputing.com")]
    [DataRow("user:hunter2@myorg-account1.snowflakecomputing.com")]
    public void Check_AddressWithAPassword_IsRefusedAndNotShown(string address) =>
        Assert.DoesNotContain("hunter2", Assert.ThrowsExactly<SnowflakeException>(() => SnowflakeAddress.Check(address)).Message);

    [TestMethod]
    [DataRow("STREAMING_DB", true)]
    [DataRow("A$1", true)]
    [DataRow("lower", false)]
    [DataRow("A B", false)]
    [DataRow("A\"", false)]
    [DataRow("1A", false)]
    [DataRow("", false)]
    public void IsValid_Identifiers_AreUpperCaseAndPlain(string name, bool isValid) =>
        Assert.AreEqual(isValid, SnowflakeIdentifier.IsValid(name));
}
