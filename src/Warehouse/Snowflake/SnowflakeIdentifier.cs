namespace Crypto.Warehouse.Snowflake;

/// <summary>
/// Names of objects that come from configuration and end up in statements and paths. Only unquoted upper-case identifiers are
/// taken: they mean the same in SQL, in the paths of the REST interfaces and in the case-sensitive lists of channel names.
/// </summary>
public static class SnowflakeIdentifier
{
    public const int MaxLength = 255;

    public static bool IsValid(string? name) =>
        name is { Length: > 0 and <= MaxLength } && (char.IsAsciiLetterUpper(name[0]) || name[0] == '_')
        && name.All(letter => char.IsAsciiLetterUpper(letter) || char.IsAsciiDigit(letter) || letter is '_' or '$');

    /// <exception cref="SnowflakeException">It is no such name.</exception>
    public static string Check(string name, string what) => IsValid(name)
        ? name
        : throw new SnowflakeException(
            SnowflakeFault.Configuration,
            $"{what} '{name}' is no plain identifier: upper-case letters, digits, _ and $, at most {MaxLength}.");
}
