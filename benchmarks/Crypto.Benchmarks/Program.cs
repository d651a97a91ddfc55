using Crypto.Benchmarks.Brokers;
using Crypto.Benchmarks.Growth;
using Crypto.Benchmarks.Measuring;

// From the folder of the repository:
// quick [NAME…]     a few minutes; fails when a floor of benchmarks/floors.json is broken
// full [NAME…]      the committed tables
// alone NAME…       the product's own way for ten seconds, for a profiler to look at
// growth [symbols|memory|stored…]   cost as symbols and stored trades grow; several minutes, 10 GB of disk
// kafka HOST:PORT   the log on Kafka against kcat; needs kcat
var names = args.Skip(1).ToArray();
var questions = Questions.All.Where(question => names.Length == 0 || names.Contains(Questions.NameOf(question))).ToArray();
return args.FirstOrDefault() switch
{
    "quick" or "full" or "alone" when names.Length > questions.Length => Unknown(),
    "quick" => Runs.Quick(questions),
    "full" => Runs.Full(questions),
    "alone" when names.Length > 0 => Runs.Alone(questions),
    "growth" => GrowthRun.Run(names),
    "kafka" when names is [var brokers] => await ProduceRun.RunAsync(brokers),
    _ => Usage(),
};

int Unknown()
{
    Console.Error.WriteLine(
        $"No such question: {string.Join(", ", names.Except(Questions.All.Select(Questions.NameOf)))}. There are: "
            + $"{string.Join(", ", Questions.All.Select(Questions.NameOf))}.");
    return 2;
}

static int Usage()
{
    Console.Error.WriteLine(
        "Crypto.Benchmarks quick [NAME...] | full [NAME...] | alone NAME... | growth [symbols|memory|stored...] | kafka HOST:PORT");
    return 2;
}
