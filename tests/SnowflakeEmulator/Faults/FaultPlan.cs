namespace Crypto.SnowflakeEmulator.Faults;

/// <summary>Which faults fire: the next so many times, or at random with a share. Repeatable from its seed. Thread-safe.</summary>
public sealed class FaultPlan(int seed = 1)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly Dictionary<Fault, int> _next = [];
    private readonly Dictionary<Fault, double> _shares = [];
    private readonly Dictionary<Fault, int> _counts = [];

    /// <summary>How often a fault happened.</summary>
    public int Count(Fault fault)
    {
        lock (_gate) return _counts.GetValueOrDefault(fault);
    }

    /// <summary>Lets a fault happen the next so many times it can.</summary>
    public void Next(Fault fault, int times = 1)
    {
        lock (_gate) _next[fault] = _next.GetValueOrDefault(fault) + times;
    }

    /// <summary>Lets a fault happen at random.</summary>
    /// <param name="share">Of the requests it can happen to, from 0 to 1.</param>
    public void Share(Fault fault, double share)
    {
        lock (_gate) _shares[fault] = share;
    }

    /// <summary>Nothing goes wrong any more.</summary>
    public void Calm()
    {
        lock (_gate)
        {
            _next.Clear();
            _shares.Clear();
        }
    }

    internal bool Fires(Fault fault)
    {
        lock (_gate)
        {
            if (_next.GetValueOrDefault(fault) > 0) _next[fault]--;
            else if (!_shares.TryGetValue(fault, out var share) || _random.NextDouble() >= share) return false;
            _counts[fault] = _counts.GetValueOrDefault(fault) + 1;
            return true;
        }
    }

    internal void Note(Fault fault)
    {
        lock (_gate) _counts[fault] = _counts.GetValueOrDefault(fault) + 1;
    }
}
