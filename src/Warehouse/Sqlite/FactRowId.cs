namespace Crypto.Warehouse.Sqlite;

/// <summary>
/// Where a fact lies: <c>row_id = segment_id &lt;&lt; 40 | symbol_id &lt;&lt; 17 | place</c>. Facts lie in segments in order of arrival,
/// and within a segment by symbol: appending touches the end of the table only, and the facts of a symbol are found with one look per
/// segment. Leaves 23 bits for the segment, 23 for the symbol and 17 for the place, which tells the facts of a segment apart.
/// </summary>
internal static class FactRowId
{
    public const int MaxPlaces = 1 << PlaceBits;

    private const int PlaceBits = 17;
    private const int SegmentShift = 40;

    public static long Of(int segment, int symbolId, int place) => ((long)segment << SegmentShift) | Within(symbolId) | (uint)place;

    public static int Segment(long rowId) => (int)(rowId >> SegmentShift);

    public static int Place(long rowId) => (int)(rowId & (MaxPlaces - 1));

    /// <summary>What to add to <c>segment_id &lt;&lt; 40</c> for the first place of a symbol; the next symbol's ends its rows.</summary>
    public static long Within(int symbolId) => (long)symbolId << PlaceBits;
}
