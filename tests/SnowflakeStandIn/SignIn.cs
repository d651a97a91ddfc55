using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Sql;

namespace Snowflake.Data.Client;

/// <summary>Reads a connection string as the provider does, and finds the account it means.</summary>
internal static class SignIn
{
    /// <summary>
    /// The file of an emulator in another process (its <c>--data</c>). It takes the streamed rows, and this process runs the statements on
    /// the same data.
    /// </summary>
    public const string DataVariable = "SNOWFLAKE_STAND_IN_DATA";

    private static readonly HashSet<string> Properties = new(StringComparer.OrdinalIgnoreCase)
    {
        "account", "host", "port", "scheme", "user", "authenticator", "private_key_file", "private_key_pwd", "db", "schema", "warehouse",
        "role", "client_telemetry_enabled", "query_tag",
    };

    private static readonly ConcurrentDictionary<string, EmulatedDatabase> Files = new(StringComparer.Ordinal);

    /// <exception cref="SnowflakeDbException">The string is no good, nobody answers there, or the key is not the user's.</exception>
    public static EmulatedDatabase With(string connectionString)
    {
        var asked = new DbConnectionStringBuilder { ConnectionString = connectionString };
        foreach (string name in asked.Keys)
        {
            if (!Properties.Contains(name)) throw Refused(270006, $"Unknown property {name}.");
        }

        foreach (var name in new[] { "account", "user", "host", "port", "private_key_file", "db", "schema", "role" })
        {
            if (!asked.TryGetValue(name, out var value) || value is not string { Length: > 0 })
            {
                throw Refused(270006, $"Required property {name} is not provided.");
            }
        }

        if ((string)asked["authenticator"] != "snowflake_jwt") throw Refused(270006, "The key pair needs the authenticator snowflake_jwt.");
        var publicKey = PublicKeyOf(
            (string)asked["private_key_file"], asked.TryGetValue("private_key_pwd", out var passphrase) ? (string)passphrase : null);
        if (EmulatedSnowflake.At($"{asked["host"]}:{asked["port"]}") is { } account)
        {
            return account.Keys.IsKeyOf((string)asked["user"], publicKey)
                ? account.Database
                : throw Refused(390144, "JWT token is invalid.");
        }

        return Environment.GetEnvironmentVariable(DataVariable) is { Length: > 0 } file
            ? Files.GetOrAdd(file, static path => new EmulatedDatabase(TimeProvider.System, path))
            : throw Refused(270007, $"Request reach its timeout: nobody is at {asked["host"]}:{asked["port"]}.");
    }

    private static byte[] PublicKeyOf(string file, string? passphrase)
    {
        try
        {
            using var rsa = RSA.Create();
            if (passphrase is null) rsa.ImportFromPem(File.ReadAllText(file));
            else rsa.ImportFromEncryptedPem(File.ReadAllText(file), passphrase);
            return rsa.ExportSubjectPublicKeyInfo();
        }
        catch (Exception failure) when (failure is IOException or ArgumentException or CryptographicException)
        {
            throw Refused(270052, $"Could not read private key {file}: {failure.Message}");
        }
    }

    private static SnowflakeDbException Refused(int code, string message) => new(SnowflakeDbException.ConnectionFailure, code, message);
}
