namespace Crypto.Warehouse.Snowflake.Streaming;

/// <summary>A pipe that rows are streamed into.</summary>
public sealed record PipeAddress
{
    private PipeAddress(string database, string schema, string pipe, string table)
    {
        Database = SnowflakeIdentifier.Check(database, "Database");
        Schema = SnowflakeIdentifier.Check(schema, "Schema");
        Pipe = pipe;
        Table = table;
    }

    public string Database { get; }

    public string Schema { get; }

    public string Pipe { get; }

    /// <summary>The table behind it, for messages.</summary>
    public string Table { get; }

    /// <summary>The table's default pipe <c>TABLE-STREAMING</c>, which the first open creates; keys of rows are column names.</summary>
    public static PipeAddress OfTable(string database, string schema, string table) =>
        new(database, schema, SnowflakeIdentifier.Check(table, "Table") + "-STREAMING", $"{database}.{schema}.{table}");

    public override string ToString() => $"{Database}.{Schema}.\"{Pipe}\"";
}

/// <summary>A named channel of a pipe. One process owns a name at a time: opening it takes it over.</summary>
public sealed record ChannelAddress
{
    /// <param name="channel">Upper-case letters, digits, _ and $: some interfaces compare names with their case, others without.</param>
    public ChannelAddress(PipeAddress pipe, string channel)
    {
        Pipe = pipe;
        Channel = SnowflakeIdentifier.Check(channel, "Channel");
    }

    public PipeAddress Pipe { get; }

    public string Channel { get; }

    public override string ToString() => $"channel {Channel} of pipe {Pipe}";
}
