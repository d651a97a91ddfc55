using System.Security.Cryptography;

namespace Crypto.Warehouse.Snowflake.Keys;

/// <summary>An RSA private key ready to sign, and its public half as Snowflake knows it.</summary>
public sealed class SigningKey : IDisposable
{
    private const int MinBits = 2048;

    private readonly RSA _rsa;

    private SigningKey(RSA rsa)
    {
        _rsa = rsa;
        var publicKey = rsa.ExportSubjectPublicKeyInfo();
        PublicKey = Convert.ToBase64String(publicKey);
        Fingerprint = "SHA256:" + Convert.ToBase64String(SHA256.HashData(publicKey));
    }

    /// <summary>
    /// What <c>DESC USER</c> shows as <c>RSA_PUBLIC_KEY_FP</c>: <c>SHA256:</c> and the base64 digest of the DER SubjectPublicKeyInfo.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>What <c>ALTER USER … SET RSA_PUBLIC_KEY</c> takes: the DER SubjectPublicKeyInfo in base64, on one line.</summary>
    public string PublicKey { get; }

    /// <exception cref="SnowflakeException">It is no usable RSA private key. The message says why and how to make one.</exception>
    public static SigningKey Parse(PrivateKeyText text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var rsa = RSA.Create();
        try
        {
            if (text.Pem.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal))
            {
                if (string.IsNullOrEmpty(text.Passphrase)) throw Unusable(
                    text, "it is encrypted and no passphrase is set (Snowflake:PassphraseVariable)");
                rsa.ImportFromEncryptedPem(text.Pem, text.Passphrase);
            }
            else if (text.Pem.Contains("PRIVATE KEY", StringComparison.Ordinal))
            {
                rsa.ImportFromPem(text.Pem);
            }
            else
            {
                throw Unusable(text, "it holds no PEM block named PRIVATE KEY");
            }

            return rsa.KeySize >= MinBits ? new SigningKey(rsa) : throw Unusable(text, $"{rsa.KeySize} bits are under {MinBits}");
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            rsa.Dispose();
            throw Unusable(
                text, text.Passphrase is null ? "it is damaged or no RSA key" : "the passphrase is wrong, or it is damaged or no RSA key",
                failure);
        }
        catch
        {
            rsa.Dispose();
            throw;
        }
    }

    /// <summary>RS256.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data) => _rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    public void Dispose() => _rsa.Dispose();

    private static SnowflakeException Unusable(PrivateKeyText text, string reason, Exception? cause = null) => new(
        SnowflakeFault.Configuration,
        $"The private key from {text.Origin} cannot be used: {reason}. Make one with: "
        + "openssl genrsa 2048 | openssl pkcs8 -topk8 -v2 aes-256-cbc -inform PEM -out rsa_key.p8",
        cause);
}
