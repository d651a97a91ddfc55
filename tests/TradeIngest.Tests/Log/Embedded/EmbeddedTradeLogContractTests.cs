using Crypto.TestSupport;
using Crypto.TradeIngest.Log;
using Crypto.TradeIngest.Log.Embedded;

namespace Crypto.TradeIngest.Tests.Log.Embedded;

[TestClass]
public sealed class EmbeddedTradeLogContractTests : TrimmingTradeLogContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private protected override Task<ITradeLog> CreateAsync(int partitions) => OpenAgainAsync(partitions);

    private protected override Task<ITradeLog> OpenAgainAsync(int partitions) => Task.FromResult<ITradeLog>(
        EmbeddedTradeLog.Open(_folder[EmbeddedTradeLog.FileName], new EmbeddedTradeLogOptions { Partitions = partitions }, Clock));
}
