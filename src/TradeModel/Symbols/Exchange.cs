namespace Crypto.TradeModel.Symbols;

/// <summary>Names of exchanges as they stand in records and keys.</summary>
public static class Exchange
{
    public const string Binance = "BINANCE";
}
