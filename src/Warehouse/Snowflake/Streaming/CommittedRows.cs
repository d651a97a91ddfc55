namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>Rows that a channel's token covers, as they were sent, to be looked for in the table.</summary>
public sealed class CommittedRows
{
    private readonly ReadOnlyMemory<byte> _body;
    private readonly ReadOnlyMemory<long> _offsets;
    private readonly ReadOnlyMemory<int> _ends;

    /// <param name="body">Lines of JSON, from the first row's on.</param>
    /// <param name="ends">For each row the end of its line.</param>
    internal CommittedRows(
        ReadOnlyMemory<byte> body, ReadOnlyMemory<long> offsets, ReadOnlyMemory<int> ends, long rowsOfChannel, string? reported)
    {
        _body = body;
        _offsets = offsets;
        _ends = ends;
        RowsOfChannel = rowsOfChannel;
        Reported = reported;
    }

    public int Count => _offsets.Length;

    public ReadOnlySpan<long> Offsets => _offsets.Span;

    /// <summary>Rows that were passed to the channel so far: what a few lost ones are measured against.</summary>
    public long RowsOfChannel { get; }

    /// <summary>
    /// The last error Snowflake reported; null when it reported none, and the rows are looked for because the channel was opened.
    /// </summary>
    public string? Reported { get; }

    /// <summary>A row's JSON object.</summary>
    public ReadOnlySpan<byte> Row(int index)
    {
        var from = index == 0 ? 0 : _ends.Span[index - 1];
        return _body.Span[from..(_ends.Span[index] - 1)];
    }
}
