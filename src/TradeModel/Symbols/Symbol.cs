using System.Text;

namespace Crypto.TradeModel.Symbols;

/// <summary>
/// A traded instrument, interned: one instance per ticker in a <see cref="SymbolTable"/>, so that state kept per symbol is an
/// array look-up by <see cref="Ordinal"/> and comparing two symbols is comparing references.
/// </summary>
public sealed class Symbol
{
    private readonly byte[] _utf8;

    internal Symbol(int ordinal, byte[] utf8)
    {
        Ordinal = ordinal;
        _utf8 = utf8;
        Ticker = Encoding.UTF8.GetString(utf8);
    }

    /// <summary>Position in its table, from 0, in order of first appearance. Means nothing outside this process.</summary>
    public int Ordinal { get; }

    /// <summary>The exchange's name of the instrument in upper case, such as <c>BTCUSDT</c>. May hold non-ASCII letters.</summary>
    public string Ticker { get; }

    /// <summary><see cref="Ticker"/> in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8 => _utf8;

    public override string ToString() => Ticker;
}
