using System.Security.Cryptography;
using System.Text;
using Crypto.SnowflakeEmulator;
using Crypto.TestSupport;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;

namespace Crypto.Warehouse.Tests.Snowflake.Keys;

[TestClass]
public sealed class KeyPairTokensTests
{
    private static readonly string Pem = TestAccount.NewPem();
    private readonly ManualTimeProvider _clock = new();

    [TestMethod]
    public void Current_RealKey_IsVerifiedByThePublicHalf()
    {
        using var tokens = Tokens(new FixedKey(Pem));
        var server = Server(tokens);

        Assert.AreEqual("TS_SVC", server.Verify(tokens.Current(), out _));
        var forged = tokens.Current()[..^6] + "AAAAAA";
        Assert.IsNull(server.Verify(forged, out _));
    }

    [TestMethod]
    public void Current_UntilFourFifthsOfItsLife_IsTheSameAndThenAnother()
    {
        using var tokens = Tokens(new FixedKey(Pem));
        var server = Server(tokens);
        var first = tokens.Current();

        _clock.Advance((KeyPairTokens.Lifetime * 0.8) - TimeSpan.FromSeconds(31));
        Assert.AreEqual(first, tokens.Current());

        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.AreNotEqual(first, tokens.Current());
        Assert.IsNotNull(server.Verify(first, out _), "It is renewed before it expires.");
        _clock.Advance(KeyPairTokens.Lifetime);
        Assert.IsNull(server.Verify(first, out var refusal));
        Assert.AreEqual("390318", refusal.Code);
        Assert.IsNotNull(server.Verify(tokens.Current(), out _));
    }

    [TestMethod]
    [DataRow(-20, DisplayName = "server behind by less than the backdating")]
    [DataRow(0)]
    [DataRow(600, DisplayName = "server ahead")]
    public void Current_ServerClockDiffers_IsTaken(int seconds)
    {
        var server = new KeyPairVerifier("MYORG-ACCOUNT1", new ManualTimeProvider(_clock.GetUtcNow() + TimeSpan.FromSeconds(seconds)));
        using var tokens = Tokens(new FixedKey(Pem));
        server.SetKeys("ts_svc", tokens.PublicKey);

        Assert.IsNotNull(server.Verify(tokens.Current(), out _));
    }

    [TestMethod]
    public void ObserveServerTime_ServerFarBehind_NextTokenIsTaken()
    {
        var serverTime = _clock.GetUtcNow() - TimeSpan.FromMinutes(12);
        var server = new KeyPairVerifier("MYORG-ACCOUNT1", new ManualTimeProvider(serverTime));
        using var tokens = Tokens(new FixedKey(Pem));
        server.SetKeys("TS_SVC", tokens.PublicKey);
        Assert.IsNull(server.Verify(tokens.Current(), out _));

        tokens.ObserveServerTime(serverTime);

        Assert.IsNotNull(server.Verify(tokens.Current(), out _));
    }

    [TestMethod]
    public void Current_KeyReplaced_IsSignedWithTheNewOneAtOnce()
    {
        var source = new FixedKey(Pem);
        using var tokens = Tokens(source);
        var (oldKey, oldToken) = (tokens.PublicKey, tokens.Current());

        source.Replace(TestAccount.NewPem());

        var server = new KeyPairVerifier("MYORG-ACCOUNT1", _clock);
        server.SetKeys("TS_SVC", oldKey, tokens.PublicKey);
        Assert.AreNotEqual(oldToken, tokens.Current());
        Assert.IsNotNull(server.Verify(tokens.Current(), out _));
        server.SetKeys("TS_SVC", tokens.PublicKey);
        Assert.IsNotNull(server.Verify(tokens.Current(), out _));
        Assert.IsNull(server.Verify(oldToken, out _));
    }

    [TestMethod]
    public void Current_FileRotatedBadly_GoesOnWithTheOldKeyAndSaysSo()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["key.p8"], Pem);
        using var tokens = Tokens(new PrivateKeyFile(folder["key.p8"]));
        var fingerprint = tokens.Fingerprint;

        File.WriteAllText(folder["key.p8"], "half a fi");
        Assert.AreEqual(fingerprint, tokens.Fingerprint);
        Assert.IsNotNull(tokens.RotationFailure);

        File.WriteAllText(folder["key.p8"], TestAccount.NewPem());
        Assert.AreNotEqual(fingerprint, tokens.Fingerprint);
        Assert.IsNull(tokens.RotationFailure);
    }

    [TestMethod]
    public void Fingerprint_IsTheDigestOfTheDerSubjectPublicKeyInfo()
    {
        using var rsa = RSA.Create();
        rsa.ImportFromPem(Pem);
        using var tokens = Tokens(new FixedKey(Pem));

        Assert.AreEqual("SHA256:" + Convert.ToBase64String(SHA256.HashData(rsa.ExportSubjectPublicKeyInfo())), tokens.Fingerprint);
    }

    [TestMethod]
    public void Read_EncryptedKey_NeedsItsPassphrase()
    {
        using var rsa = RSA.Create(2048);
        var encrypted = rsa.ExportEncryptedPkcs8PrivateKeyPem(
            "correct horse", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));

        using (var tokens = Tokens(new FixedKey(encrypted, "correct horse")))
        {
            Assert.IsNotNull(Server(tokens).Verify(tokens.Current(), out _));
        }

        Assert.Contains(
            "passphrase", Assert.ThrowsExactly<SnowflakeException>(() => Tokens(new FixedKey(encrypted, "wrong")).Current()).Message);
        Assert.Contains(
            "PassphraseVariable", Assert.ThrowsExactly<SnowflakeException>(() => Tokens(new FixedKey(encrypted)).Current()).Message);
    }

    [TestMethod]
    public void Read_UnusableKeys_SayWhyAndNeverShowTheKey()
    {
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create();
        using var good = RSA.Create(2048);
        string[] unusable =
        [
            small.ExportPkcs8PrivateKeyPem(), curve.ExportPkcs8PrivateKeyPem(), good.ExportSubjectPublicKeyInfoPem(),
            "", "MIIB", Pem.Replace("MII", "MIJ", StringComparison.Ordinal),
        ];
        foreach (var pem in unusable)
        {
            var failure = Assert.ThrowsExactly<SnowflakeException>(() => Tokens(new FixedKey(pem)).Current());
            Assert.AreEqual(SnowflakeFault.Configuration, failure.Fault);
            Assert.Contains("openssl", failure.Message);
            Assert.DoesNotContain("MII", failure.Message);
        }
    }

    [TestMethod]
    public void Read_Variable_TakesLineBreaksWrittenOut()
    {
        var name = "CRYPTO_TEST_KEY_" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Pem)))[..8];
        Environment.SetEnvironmentVariable(name, Pem.Replace("\n", "\\n", StringComparison.Ordinal));

        using var tokens = Tokens(new PrivateKeyVariable(name));

        Assert.IsNotNull(Server(tokens).Verify(tokens.Current(), out _));
        Assert.Contains(
            name + "X", Assert.ThrowsExactly<SnowflakeException>(() => Tokens(new PrivateKeyVariable(name + "X")).Current()).Message);
    }

    [TestMethod]
    [DataRow("-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg//kqhkiG9w0B\n-----END PRIVATE KEY-----")]
    [DataRow("MIIEvQIBADANBg//kqhkiG9w0B")]
    public void Read_KeyInPlaceOfItsFile_IsNotShown(string key)
    {
        var failure = Assert.ThrowsExactly<SnowflakeException>(() => Tokens(new PrivateKeyFile(key)).Current());

        Assert.Contains("Snowflake:PrivateKeyFile takes the path", failure.Message);
        Assert.DoesNotContain("MIIEvQ", failure.ToString());
    }

    private KeyPairTokens Tokens(IPrivateKeySource source) => new("myorg-account1", "ts_svc", source, _clock);

    private KeyPairVerifier Server(KeyPairTokens tokens)
    {
        var server = new KeyPairVerifier("MYORG-ACCOUNT1", _clock);
        server.SetKeys("TS_SVC", tokens.PublicKey);
        return server;
    }
}
