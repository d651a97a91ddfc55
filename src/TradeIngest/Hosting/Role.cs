using Crypto.TradeIngest.Configuration;

namespace Crypto.TradeIngest.Hosting;

/// <summary>What a process does of the whole job.</summary>
[Flags]
internal enum Role
{
    None = 0,

    /// <summary>From the exchange to the log. Several, each with symbols of its own.</summary>
    Ingest = 1,

    /// <summary>From the log to the warehouse. Several, sharing one warehouse.</summary>
    Sink = 2,

    /// <summary>What symbols are, from the exchange and the reference file to the log. Exactly one per deployment.</summary>
    Reference = 4,

    All = Ingest | Sink | Reference,
}

internal static class RoleNames
{
    public static IReadOnlyList<string> All { get; } = ["ingest", "sink", "reference"];

    /// <summary>The roles named; all of them when none is.</summary>
    /// <exception cref="ConfigurationException">A name is no role.</exception>
    public static Role Parse(IReadOnlyCollection<string> names)
    {
        var roles = Role.None;
        foreach (var name in names)
        {
            roles |= All.Contains(name, StringComparer.Ordinal) && Enum.TryParse<Role>(name, ignoreCase: true, out var role)
                ? role
                : throw new ConfigurationException($"--role '{name}' is none of {string.Join(", ", All)}.");
        }

        return roles == Role.None ? Role.All : roles;
    }
}
