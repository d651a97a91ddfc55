namespace Crypto.TradeIngest.Jobs;

/// <summary>What the demo is to do.</summary>
/// <param name="Duration">How long trades happen, unless <paramref name="Trades"/> says how many.</param>
/// <param name="ChangesReference">Whether a risk level changes half way.</param>
internal sealed record DemoPlan(
    long Seed, IReadOnlyList<string> Symbols, double? Rate, TimeSpan Duration, long? Trades, bool ChangesReference = true)
{
    /// <summary>The tickers traded where none are named, separated by commas.</summary>
    public const string DefaultSymbols = "BTCUSDT,ETHUSDT,BNBUSDT,SOLUSDT,XRPUSDT";
}
