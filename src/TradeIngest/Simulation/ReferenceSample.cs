using Crypto.TradeIngest.Simulation.Markets;

namespace Crypto.TradeIngest.Simulation;

/// <summary>A reference file for simulated symbols: what an operator would keep by hand, invented.</summary>
internal static class ReferenceSample
{
    private const string Header = "ticker,sector,risk_level,valid_from";

    private static readonly string[] RiskLevels = ["LOW", "MEDIUM", "HIGH"];

    public static IEnumerable<string> Lines(IEnumerable<string> tickers)
    {
        yield return Header;
        foreach (var ticker in tickers)
        {
            var (sector, risk) = Describe(ListingCatalog.Get(ticker).BaseAsset);
            yield return $"{ticker},{sector},{risk},";
        }
    }

    /// <summary>The file's lines with another risk level for one ticker from an instant on.</summary>
    public static IEnumerable<string> WithChangedRisk(IEnumerable<string> lines, string ticker, string validFrom)
    {
        var isSample = false;
        foreach (var line in lines)
        {
            // A file from elsewhere may have its columns in another order.
            isSample |= line == Header;
            var fields = line.Split(',');
            if (!isSample || fields[0] != ticker || fields.Length < 3)
            {
                yield return line;
                continue;
            }

            var next = RiskLevels[(Array.IndexOf(RiskLevels, fields[2]) + 1) % RiskLevels.Length];
            yield return $"{ticker},{fields[1]},{next},{validFrom}";
        }
    }

    private static (string Sector, string Risk) Describe(string baseAsset) => baseAsset switch
    {
        "BTC" => ("Store of value", "LOW"),
        "ETH" => ("Smart contracts", "LOW"),
        "SOL" or "ADA" or "AVAX" or "DOT" or "TRX" or "SUI" or "TON" or "NEAR" => ("Smart contracts", "MEDIUM"),
        "BNB" => ("Exchange", "MEDIUM"),
        "XRP" or "LTC" or "XLM" or "BCH" => ("Payments", "MEDIUM"),
        "LINK" or "UNI" or "AAVE" => ("Decentralized finance", "MEDIUM"),
        "DOGE" or "SHIB" or "PEPE" => ("Meme", "HIGH"),
        _ => ("Other", "HIGH"),
    };
}
