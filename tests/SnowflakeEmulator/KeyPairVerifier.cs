using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Crypto.SnowflakeEmulator;

/// <summary>Checks key-pair tokens for real: signature, issuer with the fingerprint, subject and times.</summary>
public sealed class KeyPairVerifier(string account, TimeProvider clock)
{
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromHours(1);
    private readonly Dictionary<string, List<byte[]>> _keys = new(StringComparer.Ordinal);

    /// <summary>What <c>ALTER USER … SET RSA_PUBLIC_KEY</c> and <c>RSA_PUBLIC_KEY_2</c> do.</summary>
    /// <param name="publicKeys">DER SubjectPublicKeyInfo in base64; at most two.</param>
    public void SetKeys(string user, params string[] publicKeys)
    {
        lock (_keys) _keys[user.ToUpperInvariant()] = [.. publicKeys.Select(Convert.FromBase64String)];
    }

    /// <summary>Whether a user has this public key.</summary>
    public bool IsKeyOf(string user, ReadOnlySpan<byte> publicKey)
    {
        lock (_keys)
        {
            foreach (var key in _keys.GetValueOrDefault(user.ToUpperInvariant(), []))
            {
                if (publicKey.SequenceEqual(key)) return true;
            }
        }

        return false;
    }

    /// <returns>The user; or null with Snowflake's code and message.</returns>
    public string? Verify(string token, out (string Code, string Message) refusal)
    {
        refusal = ("390144", "JWT token is invalid.");
        var parts = token.Split('.');
        if (parts.Length != 3) return null;
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            if (header.RootElement.GetProperty("alg").GetString() != "RS256") return null;
            var subject = claims.RootElement.GetProperty("sub").GetString()!;
            var issuer = claims.RootElement.GetProperty("iss").GetString()!;
            var issued = DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("iat").GetInt64());
            var expires = DateTimeOffset.FromUnixTimeSeconds(claims.RootElement.GetProperty("exp").GetInt64());
            if (!subject.StartsWith(account + ".", StringComparison.Ordinal)) return null;
            var user = subject[(account.Length + 1)..];
            byte[][] keys;
            lock (_keys) keys = _keys.TryGetValue(user, out var known) ? [.. known] : [];
            var key = keys.FirstOrDefault(candidate => issuer == $"{subject}.SHA256:{Convert.ToBase64String(SHA256.HashData(candidate))}");
            if (key is null) return null;
            using var rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(key, out _);
            var signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
            if (!rsa.VerifyData(signed, Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            {
                return null;
            }

            var now = clock.GetUtcNow();
            if (issued > now || expires - issued > MaxLifetime) return null;
            if (expires <= now)
            {
                refusal = ("390318", "JWT token has expired.");
                return null;
            }

            return user;
        }
        catch (Exception failure) when (
            failure is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException)
        {
            refusal = ("390144", $"JWT token is invalid: {failure.Message}");
            return null;
        }
    }
}
