namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// How an account is named: in its URL and in the claims of a token, which differ.
/// See <c>docs.snowflake.com/en/developer-guide/sql-api/authenticating</c>.
/// </summary>
/// <param name="Host">
/// Such as <c>myorg-account1.snowflakecomputing.com</c>, with underscores as dashes: certificates know no underscores.
/// </param>
/// <param name="Claim">Such as <c>MYORG-ACCOUNT1</c>: upper case, without the region.</param>
public readonly record struct AccountName(string Host, string Claim)
{
    private const string Domain = ".snowflakecomputing.com";

    /// <summary>
    /// Reads <c>org-account</c>, <c>org.account</c>, the locator with its region (<c>xy12345.us-east-1</c>,
    /// <c>xy12345.eu-central-1.aws</c>), a <c>.global</c> account, or any of them with the domain behind it.
    /// </summary>
    /// <returns>False when it is no such name.</returns>
    public static bool TryParse(string? text, out AccountName name)
    {
        name = default;
        if (string.IsNullOrWhiteSpace(text)) return false;
        var account = text.Trim();
        if (account.StartsWith("https://", StringComparison.OrdinalIgnoreCase)) account = account["https://".Length..].TrimEnd('/');
        if (account.EndsWith(Domain, StringComparison.OrdinalIgnoreCase)) account = account[..^Domain.Length];
        if (account.Length == 0 || !account.All(IsNameCharacter) || !char.IsAsciiLetterOrDigit(account[0])) return false;

        var parts = account.Split('.');
        if (parts.Any(part => part.Length == 0)) return false;
        string host;
        string claim;
        if (parts.Length > 1 && parts[^1].Equals("global", StringComparison.OrdinalIgnoreCase))
        {
            host = account;
            claim = parts[0].Split('-')[0];
        }
        else if (parts.Length == 2 && !IsLocator(parts[0]))
        {
            host = string.Join('-', parts);
            claim = host;
        }
        else
        {
            host = account;
            claim = parts[0];
        }

        name = new AccountName(host.Replace('_', '-').ToLowerInvariant() + Domain, claim.ToUpperInvariant());
        return true;
    }

    private static bool IsNameCharacter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.';

    // Two or three letters, then digits: such as xy12345. Names of organizations that look so do not exist by their rules.
    private static bool IsLocator(string part)
    {
        var letters = part.TakeWhile(char.IsAsciiLetter).Count();
        return letters is 2 or 3 && part.Length > letters && part.Skip(letters).All(char.IsAsciiDigit);
    }
}
