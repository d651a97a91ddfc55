using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Log;

/// <summary>
/// The log cannot go on from where it was asked to: an offset was trimmed away, a record is damaged. Never transient; the message
/// says what to do.
/// </summary>
internal sealed class LogException(string message, Exception? innerException = null) : Exception(Secrets.Mask(message), innerException);
