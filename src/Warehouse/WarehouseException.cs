namespace Crypto.Warehouse;

/// <summary>
/// A warehouse could not do what was asked; nothing of the failed batch was written. <see cref="IsTransient"/> tells whether the
/// same call may succeed later (a lock, a full disk) or never will (a damaged file, a position that does not fit).
/// The message says what to do.
/// </summary>
public sealed class WarehouseException : Exception
{
    public WarehouseException(string message, bool isTransient = false, Exception? innerException = null)
        : base(message, innerException) => IsTransient = isTransient;

    public bool IsTransient { get; }
}
