namespace Crypto.Warehouse.Loading;

/// <summary>Where records come from: one partition of one topic of one incarnation of a log.</summary>
/// <param name="Epoch">
/// Identity of the log's storage. A log that was deleted and made anew counts from 0 again; its offsets must not be mistaken for
/// the old ones.
/// </param>
public readonly record struct LogPartition(string Epoch, string Topic, int Partition);
