using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Crypto.Benchmarks.Brokers;
using Crypto.Benchmarks.Growth;
using Crypto.Benchmarks.Measuring;

// quick [--floors FILE] [--json FILE] [NAME…]   a few minutes; with floors it fails when one is broken
// full --results FOLDER [NAME…]                 the committed tables
// growth [--results FOLDER] [symbols|memory|stored…]   cost as symbols and stored trades grow; several minutes, 10 GB of disk
// kafka --brokers HOST:PORT [--results FOLDER]  the log on Kafka against kcat; needs kcat
// alone NAME…                                   the candidate alone for ten seconds, for a profiler to look at
// detail [BenchmarkDotNet's options]            one question under BenchmarkDotNet: --filter '*ParseTrade*'
var command = args.FirstOrDefault();
return command switch
{
    "quick" => Runs.Quick(Arguments.Parse(args[1..])),
    "full" => Runs.Full(Arguments.Parse(args[1..])),
    "growth" => GrowthRun.Run(Arguments.Parse(args[1..])),
    "kafka" => await ProduceRun.RunAsync(Arguments.Parse(args[1..])),
    "alone" => Runs.Alone(Arguments.Parse(args[1..])),
    "detail" => Detail(args[1..]),
    _ => Usage(),
};

static int Detail(string[] options)
{
    // In this process: the runtime is newer than the ones this BenchmarkDotNet can build for.
    var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance));
    BenchmarkSwitcher.FromAssembly(typeof(Question).Assembly).Run(options, config);
    return 0;
}

static int Usage()
{
    Console.Error.WriteLine("Crypto.Benchmarks quick [--floors FILE] [--json FILE] [NAME...] | full --results FOLDER [NAME...] | growth [--results FOLDER] [symbols|memory|stored...] | kafka --brokers HOST:PORT [--results FOLDER] | alone NAME... | detail [--filter PATTERN]");
    return 2;
}
