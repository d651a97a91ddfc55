using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace Crypto.TradeModel.Symbols;

/// <summary>
/// Interns tickers. Look-ups are lock-free and allocate nothing; the first sight of a ticker takes a lock.
/// </summary>
/// <param name="capacity">
/// Most symbols it will ever hold. The exchange lists about 3,000 and some 1,300 trade; the bound keeps a stream of
/// nonsense from growing the table for ever.
/// </param>
public sealed class SymbolTable(int capacity = SymbolTable.DefaultCapacity)
{
    public const int DefaultCapacity = 65_536;

    /// <summary>Longest ticker in UTF-8 bytes: the exchange's own rule is 20 characters, and a letter takes up to four bytes.</summary>
    public const int MaxTickerLength = 80;

    private readonly Lock _writing = new();

    // Open addressing over a power of two, at most half full. Readers see either the old or the new array, both complete.
    private Symbol?[] _slots = new Symbol?[256];
    private Symbol[] _byOrdinal = new Symbol[64];
    private volatile int _count;

    public int Count => _count;

    /// <summary>Whether it takes no other symbols than it has.</summary>
    public bool IsClosed => capacity == 0;

    /// <summary>
    /// A closed table of some symbols of another one, the same objects: to tell symbols that are expected from those that are not. Their
    /// ordinals are those of the table they come from.
    /// </summary>
    public static SymbolTable Closed(IEnumerable<Symbol> symbols)
    {
        Symbol[] known = [.. symbols.Distinct()];
        var slots = new Symbol?[BitOperations.RoundUpToPowerOf2((uint)Math.Max(known.Length, 1) * 2)];
        foreach (var symbol in known) Place(slots, symbol);
        return new SymbolTable(capacity: 0) { _slots = slots };
    }

    public Symbol this[int ordinal] => (uint)ordinal < (uint)_count
        ? Volatile.Read(ref _byOrdinal)[ordinal]
        : throw new ArgumentOutOfRangeException(nameof(ordinal));

    /// <summary>Finds or adds the ticker given as UTF-8, exactly as spelled.</summary>
    /// <returns>
    /// False when the name is empty, longer than <see cref="MaxTickerLength"/> bytes, not valid UTF-8, or new while the table is full.
    /// </returns>
    public bool TryIntern(ReadOnlySpan<byte> utf8, [MaybeNullWhen(false)] out Symbol symbol)
    {
        if (utf8.IsEmpty || utf8.Length > MaxTickerLength)
        {
            symbol = null;
            return false;
        }

        return TryFind(utf8, out symbol) || TryAdd(utf8, out symbol);
    }

    /// <summary>Finds or adds a ticker.</summary>
    /// <exception cref="ArgumentException">The name is empty or too long, or the table is full.</exception>
    public Symbol Intern(string ticker) => TryIntern(Encoding.UTF8.GetBytes(ticker), out var symbol)
        ? symbol
        : throw new ArgumentException(
            $"'{ticker}' cannot be added: a ticker has 1 to {MaxTickerLength} bytes of UTF-8 and the table holds {capacity}.",
            nameof(ticker));

    public bool TryFind(ReadOnlySpan<byte> utf8, [MaybeNullWhen(false)] out Symbol symbol)
    {
        var slots = Volatile.Read(ref _slots);
        var mask = slots.Length - 1;
        for (var i = (int)Hash(utf8) & mask; ; i = (i + 1) & mask)
        {
            var candidate = Volatile.Read(ref slots[i]);
            if (candidate is null)
            {
                symbol = null;
                return false;
            }

            if (candidate.Utf8.SequenceEqual(utf8))
            {
                symbol = candidate;
                return true;
            }
        }
    }

    private bool TryAdd(ReadOnlySpan<byte> utf8, [MaybeNullWhen(false)] out Symbol symbol)
    {
        if (!Utf8.IsValid(utf8))
        {
            symbol = null;
            return false;
        }

        lock (_writing)
        {
            if (TryFind(utf8, out symbol)) return true;
            if (_count >= capacity) return false;

            symbol = new Symbol(_count, utf8.ToArray());
            if (_count == _byOrdinal.Length)
            {
                var grown = new Symbol[_count * 2];
                _byOrdinal.CopyTo(grown, 0);
                Volatile.Write(ref _byOrdinal, grown);
            }

            _byOrdinal[_count] = symbol;
            if ((_count + 1) * 2 > _slots.Length)
            {
                var grown = new Symbol?[_slots.Length * 2];
                for (var i = 0; i < _count; i++) Place(grown, _byOrdinal[i]);
                Place(grown, symbol);
                Volatile.Write(ref _slots, grown);
            }
            else
            {
                Place(_slots, symbol);
            }

            _count++;
            return true;
        }
    }

    private static void Place(Symbol?[] slots, Symbol symbol)
    {
        var mask = slots.Length - 1;
        var i = (int)Hash(symbol.Utf8) & mask;
        while (slots[i] is not null) i = (i + 1) & mask;
        Volatile.Write(ref slots[i], symbol);
    }

    // Multiplied by 2^64 over the golden ratio, a word at a time: a byte at a time took as long as a third of the parser.
    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        const ulong Multiplier = 0x9E3779B97F4A7C15;
        var hash = (ulong)utf8.Length;
        for (; utf8.Length >= sizeof(ulong); utf8 = utf8[sizeof(ulong)..]) hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(utf8));

        // The last four to seven bytes as two words that overlap.
        if (utf8.Length >= sizeof(uint))
        {
            var first = BinaryPrimitives.ReadUInt32LittleEndian(utf8);
            var last = BinaryPrimitives.ReadUInt32LittleEndian(utf8[^sizeof(uint)..]);
            return (uint)Mix(hash ^ (first | ((ulong)last << 32)));
        }

        ulong rest = 0;
        foreach (var b in utf8) rest = (rest << 8) | b;
        return (uint)Mix(hash ^ rest);

        static ulong Mix(ulong value)
        {
            value *= Multiplier;
            return value ^ (value >> 32);
        }
    }
}
