namespace Crypto.Warehouse.Snowflake.Keys;

/// <summary>A private key in PEM as it stands in its source, and a stamp that changes when the source does.</summary>
/// <param name="Pem">PKCS#8, plain or encrypted (PBES2), or PKCS#1.</param>
/// <param name="Passphrase">Of an encrypted one.</param>
/// <param name="Origin">For messages: a file's path or a variable's name.</param>
public sealed record PrivateKeyText(string Pem, string? Passphrase, string Origin)
{
    /// <summary>Never the key.</summary>
    public override string ToString() => $"private key from {Origin}";
}

/// <summary>Where a private key comes from.</summary>
public interface IPrivateKeySource
{
    /// <summary>Changes when the key may have been replaced; cheap, asked before every use of a token.</summary>
    string Stamp { get; }

    /// <exception cref="SnowflakeException">There is no key.</exception>
    PrivateKeyText Read();
}

/// <summary>A PEM file. Replacing the file rotates the key without a restart.</summary>
/// <param name="path">The file.</param>
/// <param name="passphrase">Gives the passphrase of an encrypted key; asked at each reading.</param>
public sealed class PrivateKeyFile(string path, Func<string?>? passphrase = null) : IPrivateKeySource
{
    public string Stamp
    {
        get
        {
            var file = new FileInfo(path);
            return file.Exists ? FormattableString.Invariant($"{file.LastWriteTimeUtc.Ticks}/{file.Length}") : "none";
        }
    }

    public PrivateKeyText Read()
    {
        try
        {
            return new PrivateKeyText(File.ReadAllText(path), passphrase?.Invoke(), $"file '{path}'");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Without the path, which may be the key itself put in its place, and without the cause, which repeats it.
            var why = failure is UnauthorizedAccessException
                ? "this user may not read it, or it is a folder"
                : "there is no such file, or it cannot be opened";
            throw new SnowflakeException(
                SnowflakeFault.Configuration,
                $"The private key file cannot be read: {why}. Snowflake:PrivateKeyFile takes the path of a PEM file; the PEM text itself "
                + "goes into the environment variable that Snowflake:PrivateKeyVariable names.");
        }
    }
}

/// <summary>An environment variable that holds the PEM text; <c>\n</c> written out stands for a line break.</summary>
public sealed class PrivateKeyVariable(string name, Func<string?>? passphrase = null) : IPrivateKeySource
{
    public string Stamp => string.GetHashCode(Environment.GetEnvironmentVariable(name), StringComparison.Ordinal).ToString(
        System.Globalization.CultureInfo.InvariantCulture);

    public PrivateKeyText Read() => Environment.GetEnvironmentVariable(name) is { Length: > 0 } pem
        ? new PrivateKeyText(pem.Replace("\\n", "\n", StringComparison.Ordinal), passphrase?.Invoke(), $"environment variable {name}")
        : throw new SnowflakeException(
            SnowflakeFault.Configuration,
            $"The environment variable {name}, which Snowflake:PrivateKeyVariable names and which should hold the private key, is empty.");
}
