using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

/// <summary>Rows of the tests' own table, <c>EVENTS</c>: an id each, which is its offset too.</summary>
internal static class EventRows
{
    /// <param name="from">First id.</param>
    /// <param name="to">Last id.</param>
    public static RowBatch Rows(long from, long to)
    {
        var batch = new RowBatch();
        for (var i = from; i <= to; i++)
        {
            var row = batch.BeginRow(i);
            row.Number("ID"u8, i);
            row.End();
        }

        return batch;
    }
}
