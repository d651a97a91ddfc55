using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>
/// Snowflake's own provider, found by name when its assembly is there (builds with <c>-p:SnowflakeDriver=true</c>): it brings some forty
/// packages and a native library, which the default build does without.
/// </summary>
public static class SnowflakeDriver
{
    public const string FactoryType = "Snowflake.Data.Client.SnowflakeDbFactory, Snowflake.Data";

    /// <param name="factoryType">The factory's type with its assembly; another one in tests.</param>
    /// <exception cref="SnowflakeException">The assembly is not there.</exception>
    [UnconditionalSuppressMessage("Trimming", "IL2057", Justification = "The application is not trimmed.")]
    public static DbProviderFactory Load(string factoryType = FactoryType)
    {
        var type = Type.GetType(factoryType, throwOnError: false);
        return type?.GetField("Instance", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as DbProviderFactory
            ?? throw new SnowflakeException(
                SnowflakeFault.Configuration,
                "Snowflake:Access is Driver, and this build has no Snowflake.Data. Build with -p:SnowflakeDriver=true, or set "
                    + "Snowflake:Access to Api.");
    }

    /// <summary>The connection string for a key-pair sign-in with a key file. Values are quoted by the builder.</summary>
    /// <param name="keyFile">PKCS#8 PEM.</param>
    public static string ConnectionString(string account, string user, string keyFile, string? passphrase, SqlApiOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var address = SnowflakeAddress.Check(options.AccountUrl);
        var builder = new DbConnectionStringBuilder
        {
            ["account"] = account,
            ["host"] = address.Host,
            ["port"] = address.Port,
            ["scheme"] = address.Scheme,
            ["user"] = user,
            ["authenticator"] = "snowflake_jwt",
            ["private_key_file"] = keyFile,
            ["client_telemetry_enabled"] = "false",
        };
        if (passphrase is not null) builder["private_key_pwd"] = passphrase;
        if (options.Database is not null) builder["db"] = options.Database;
        if (options.Schema is not null) builder["schema"] = options.Schema;
        if (options.Warehouse is not null) builder["warehouse"] = options.Warehouse;
        if (options.Role is not null) builder["role"] = options.Role;
        return builder.ConnectionString;
    }
}
