namespace Crypto.TradeIngest.Commands.Queries;

/// <summary>How rows are written.</summary>
internal enum QueryFormat
{
    /// <summary>Columns for people, with a line that counts the rows.</summary>
    Table,

    /// <summary>One array of objects.</summary>
    Json,

    /// <summary>An object per line.</summary>
    Ndjson,

    /// <summary>RFC 4180 with a header, in UTF-8; a null is an empty field, an empty text <c>""</c>.</summary>
    Csv,
}
