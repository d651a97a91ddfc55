using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace Crypto.Warehouse.Tests.Snowflake.Parsing;

/// <summary>
/// Where packages come from, as npm is configured: <c>npm_config_*</c> in the environment, then the user's <c>.npmrc</c>, then the
/// machine's. Certificates and proxies are .NET's.
/// </summary>
internal sealed class NpmConfiguration
{
    private const string EnvironmentPrefix = "npm_config_";
    private const string Token = ":_authToken";
    private const string Basic = ":_auth";

    private static readonly string[] MachineFiles = ["/etc/npmrc", "/usr/etc/npmrc", "/usr/local/etc/npmrc"];

    private readonly Dictionary<string, string> _values = new(StringComparer.OrdinalIgnoreCase);
    private readonly IReadOnlyDictionary<string, string> _environment;

    /// <param name="environment">Variables by name.</param>
    /// <param name="home">The folder of <c>.npmrc</c> where the environment names no other file.</param>
    public NpmConfiguration(IReadOnlyDictionary<string, string> environment, string home)
    {
        _environment = environment;
        foreach (var (name, value) in environment)
        {
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) && value.Length > 0)
            {
                _values.TryAdd(name[EnvironmentPrefix.Length..], value);
            }
        }

        var userFile = _values.GetValueOrDefault("userconfig", Path.Combine(home, ".npmrc"));
        foreach (var file in MachineFiles.Prepend(userFile).Where(File.Exists)) Read(file);
    }

    public static NpmConfiguration OfThisMachine() => new(
        Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .ToDictionary(name => name, name => Environment.GetEnvironmentVariable(name)!),
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile));

    /// <summary>That of the package's scope, else the default one; ends in a slash.</summary>
    public Uri RegistryOf(string package)
    {
        var registry = _values.GetValueOrDefault($"{package.Split('/')[0]}:registry")
            ?? _values.GetValueOrDefault("registry", "https://registry.npmjs.org");
        return new Uri(registry.TrimEnd('/') + '/');
    }

    /// <summary>What the registry is shown; the settings for the longest path count (<c>//host/path/:_authToken</c>).</summary>
    public AuthenticationHeaderValue? CredentialsFor(Uri registry)
    {
        var address = $"//{registry.Authority}{registry.AbsolutePath}";
        for (var end = address.Length; end > 2; end = address.LastIndexOf('/', end - 2) + 1)
        {
            if (_values.TryGetValue(address[..end] + Token, out var token)) return new AuthenticationHeaderValue("Bearer", token);
            if (_values.TryGetValue(address[..end] + Basic, out var pair)) return new AuthenticationHeaderValue("Basic", pair);
        }

        return null;
    }

    private void Read(string file)
    {
        foreach (var line in File.ReadLines(file).Select(line => line.Trim()).Where(line => line is not ['#' or ';', ..]))
        {
            if (line.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value]) _values.TryAdd(name, Expand(value.Trim('"')));
        }
    }

    // ${NAME} stands for a variable, and for itself where there is none.
    private string Expand(string value) => Regex.Replace(
        value, @"\$\{(?<name>[^}]+)\}", match => _environment.GetValueOrDefault(match.Groups["name"].Value, match.Value),
        RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
}
