namespace Crypto.TradeIngest.Replay;

/// <summary>What the lines of a file are.</summary>
internal enum ReplayFormat
{
    /// <summary>The exchange's archive: <see cref="ArchiveLine"/>.</summary>
    ArchiveCsv,

    /// <summary>One recorded frame per line, raw or combined: <see cref="Binance.Frames.FrameParser"/>.</summary>
    Frames,
}
