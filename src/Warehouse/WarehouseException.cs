namespace Crypto.Warehouse;

/// <summary>
/// A warehouse could not do what was asked; nothing of the failed batch was written. <see cref="IsTransient"/> tells whether
/// it may succeed later (a lock, no connection) or never will (a damaged file, a position that does not fit). After a transient failure
/// the positions may be behind those known: they are to be asked for again, and the log is read on from there.
/// The message says what to do.
/// </summary>
public sealed class WarehouseException(string message, bool isTransient = false, Exception? innerException = null)
    : StoreException(message, innerException)
{
    public override bool IsTransient { get; } = isTransient;
}
