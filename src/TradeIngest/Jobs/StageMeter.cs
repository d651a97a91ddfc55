namespace Crypto.TradeIngest.Jobs;

/// <summary>What one stage costs a trade when it runs by itself.</summary>
/// <param name="CpuNanoseconds">Processor time of the whole process, system calls included, waits for the disk not.</param>
/// <param name="AllocatedBytes">Managed memory allocated, whether kept or not.</param>
internal sealed record StageCost(string Stage, double CpuNanoseconds, double AllocatedBytes);

/// <summary>Adds up what stages cost while nothing else runs in the process: two system calls per measured piece of work.</summary>
internal sealed class StageMeter
{
    private readonly List<(string Stage, TimeSpan Cpu, long Bytes)> _pieces = [];

    public T Measure<T>(string stage, Func<T> work)
    {
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var cpu = Environment.CpuUsage.TotalTime;
        var result = work();
        _pieces.Add((stage, Environment.CpuUsage.TotalTime - cpu, GC.GetTotalAllocatedBytes(precise: true) - bytes));
        return result;
    }

    /// <summary>Per trade, in the order the stages were met.</summary>
    public IReadOnlyList<StageCost> PerTrade(long trades) =>
    [
        .. _pieces.GroupBy(piece => piece.Stage, StringComparer.Ordinal).Select(stage => new StageCost(
            stage.Key, stage.Sum(piece => piece.Cpu.TotalNanoseconds) / trades, (double)stage.Sum(piece => piece.Bytes) / trades)),
    ];
}
