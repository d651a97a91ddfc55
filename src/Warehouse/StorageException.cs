namespace Crypto.Warehouse;

/// <summary>What is wrong with a store, in the terms an operator acts on.</summary>
public enum StorageFault
{
    /// <summary>Another process holds it; the same call may succeed later.</summary>
    Busy,

    /// <summary>The disk is full; the same call succeeds once there is room.</summary>
    Full,

    /// <summary>The folder or file may not be written.</summary>
    ReadOnly,

    /// <summary>The file is no database, or its pages are damaged.</summary>
    Damaged,

    /// <summary>The store does not exist.</summary>
    Missing,

    /// <summary>The file was deleted or replaced while it was open.</summary>
    Moved,

    /// <summary>Anything else: the device failed, the statement is wrong.</summary>
    Failed,
}

/// <summary>
/// A store (the embedded log or warehouse) failed; what was committed before is untouched and the failed transaction is undone.
/// The message names the file and says what to do.
/// </summary>
public sealed class StorageException(StorageFault fault, string message, Exception? innerException = null)
    : StoreException(message, innerException)
{
    public StorageFault Fault { get; } = fault;

    public override bool IsTransient => Fault is StorageFault.Busy or StorageFault.Full;
}
