namespace Crypto.Benchmarks.Measuring;

/// <param name="Floors">File of the least ratios.</param>
/// <param name="Json">File to write measurements to.</param>
/// <param name="Results">Folder to write tables to.</param>
/// <param name="Brokers">Kafka to measure on, as host:port.</param>
/// <param name="Names">Questions to measure, such as <c>ParseTrade</c>; all when empty.</param>
internal sealed record Arguments(string? Floors, string? Json, string? Results, string? Brokers, IReadOnlyList<string> Names)
{
    public IEnumerable<Type> Questions => Question.All.Where(type => Names.Count == 0 || Names.Contains(Question.NameOf(type)));

    public static Arguments Parse(string[] args)
    {
        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            if (args[i].StartsWith("--", StringComparison.Ordinal) && i + 1 < args.Length) options[args[i]] = args[++i];
            else names.Add(args[i]);
        }

        return new Arguments(options.GetValueOrDefault("--floors"), options.GetValueOrDefault("--json"), options.GetValueOrDefault("--results"), options.GetValueOrDefault("--brokers"), names);
    }
}
