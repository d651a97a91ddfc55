using Crypto.TradeModel.Quality;

namespace Crypto.TradeIngest.Pipelines;

/// <summary>Trades checked, by verdict. Written by one pipeline, read by anyone.</summary>
internal sealed class QualityCounters
{
    private readonly long[] _counts = new long[Enum.GetValues<ErrorReason>().Length];

    /// <summary>Trades with this verdict; <see cref="ErrorReason.None"/> counts the good ones.</summary>
    public long this[ErrorReason reason] => Volatile.Read(ref _counts[(int)reason]);

    /// <summary>Trades that break a rule.</summary>
    public long Invalid
    {
        get
        {
            long invalid = 0;
            for (var i = 1; i < _counts.Length; i++) invalid += Volatile.Read(ref _counts[i]);
            return invalid;
        }
    }

    internal void Count(ErrorReason reason, long trades) => Interlocked.Add(ref _counts[(int)reason], trades);
}
