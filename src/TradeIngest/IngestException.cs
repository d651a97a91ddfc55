using Crypto.TradeIngest.Diagnostics;

namespace Crypto.TradeIngest;

/// <summary>
/// What this program was asked for cannot be done, for a reason that somebody can act on: the message says how, and shows no secret.
/// One family per room that fails: the configuration, the log, the exchange, replayed files, the simulated exchange's clients. Those of
/// the stores are <see cref="Crypto.Warehouse.StoreException"/>s.
/// </summary>
internal abstract class IngestException(string message, Exception? inner = null) : Exception(Secrets.Mask(message), inner);
