namespace Crypto.Warehouse.Snowflake;

/// <summary>Addresses that requests with credentials may go to: HTTPS, and plain HTTP to this machine only (emulators).</summary>
public static class SnowflakeAddress
{
    /// <exception cref="SnowflakeException">It is no such address.</exception>
    public static Uri Check(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.Contains('@', StringComparison.Ordinal))
        {
            throw new SnowflakeException(
                SnowflakeFault.Configuration,
                "An address of Snowflake holds a user name or password. Remove them: the service signs in with its key.");
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http"))
        {
            throw new SnowflakeException(
                SnowflakeFault.Configuration, $"'{address}' is no address such as https://myorg-account1.snowflakecomputing.com.");
        }

        if (uri.Scheme == "http" && !uri.IsLoopback)
        {
            throw new SnowflakeException(
                SnowflakeFault.Configuration,
                $"'{address}' would send tokens unencrypted. Use https; plain http is for this machine (127.0.0.1, localhost) only.");
        }

        return new Uri(uri.GetLeftPart(UriPartial.Authority));
    }
}
