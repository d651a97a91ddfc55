using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Log.Kafka;

/// <summary>
/// Ends clients of librdkafka in bounded time. To close one asks the brokers and joins native threads, which may never answer and never
/// end, such as a consumer's whose topics were all deleted (librdkafka 2.0).
/// </summary>
internal static class KafkaClosing
{
    /// <summary>
    /// Calls <paramref name="close"/> on a thread of its own and waits for it. What it fails with is logged: it ends anyway.
    /// </summary>
    /// <returns>False where it has not ended in time and is left behind, with all it uses.</returns>
    public static bool TryClose(Action close, string what, TimeSpan timeout, ILogger logger)
    {
        var closing = Task.Factory.StartNew(close, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!((IAsyncResult)closing).AsyncWaitHandle.WaitOne(timeout))
        {
            logger.ClientLeftBehind(what, timeout);
            return false;
        }

        try
        {
            closing.GetAwaiter().GetResult();
        }
        catch (KafkaException failure)
        {
            logger.ClientClosedWithError(what, failure.Error.Reason);
        }

        return true;
    }
}
