namespace Crypto.Warehouse.Sqlite;

/// <summary>The segment of <c>FACT_TRADES</c> that is being filled. A segment takes whole commits until it holds enough.</summary>
internal sealed class FactSegment(int id)
{
    /// <summary>
    /// Facts with which a segment is full. A small one costs a look when a symbol's facts are sought, a large one scatters its symbols.
    /// </summary>
    public const int Full = 8192;

    /// <summary>Most facts that may be added at a time: a segment that is not full has as many places.</summary>
    public const int LargestRun = FactRowId.MaxPlaces - Full;

    private int _places;
    private long _checksum;

    public int Id { get; } = id;

    public bool IsFull => _places >= Full;

    /// <summary>The sum of <see cref="FactChecksum"/> over its facts, in 64 bits.</summary>
    public long Checksum => _checksum;

    public int NextPlace() => _places++;

    public void Add(long factChecksum) => _checksum += factChecksum;
}
