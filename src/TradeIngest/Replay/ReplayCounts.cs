namespace Crypto.TradeIngest.Replay;

/// <summary>What came of the lines of a file. Every line is counted under exactly one of the first four.</summary>
internal sealed class ReplayCounts
{
    public long Trades { get; internal set; }

    public long DeadLetters { get; internal set; }

    /// <summary>Understood and not trades: control replies, shutdown notices, events of other types.</summary>
    public long OtherFrames { get; internal set; }

    /// <summary>Blank lines and headers.</summary>
    public long SkippedLines { get; internal set; }

    /// <summary>Trades whose quote quantity is not price × quantity. They are kept: price and quantity are what was traded.</summary>
    public long QuoteMismatches { get; internal set; }

    public long Lines => Trades + DeadLetters + OtherFrames + SkippedLines;
}
