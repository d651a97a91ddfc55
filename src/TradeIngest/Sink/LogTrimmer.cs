using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Workers;
using Crypto.Warehouse;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Sink;

/// <summary>Removes from the log, at intervals, what is old and in the warehouse.</summary>
/// <param name="interval">Between two times; asking some warehouses where they stand makes a checkpoint.</param>
internal sealed class LogTrimmer(
    ITradeLog log, IWarehouse warehouse, TrimPolicy policy, TimeSpan interval, TimeProvider clock, ILogger<LogTrimmer> logger)
{
    public Task RunAsync(CancellationToken cancellationToken) => Loop.EveryAsync(interval, TrimAsync, clock, cancellationToken);

    private async Task TrimAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var (position, next) in await warehouse.PositionsAsync(cancellationToken))
            {
                if (!position.Epoch.StartsWith(log.Epoch, StringComparison.Ordinal)) continue;
                await log.TrimAsync(position.Topic, position.Partition, next, policy, cancellationToken);
            }
        }
        catch (WarehouseException failure) when (failure.IsTransient)
        {
            logger.TrimPostponed(failure.Message);
        }
    }
}
