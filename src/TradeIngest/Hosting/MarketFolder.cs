using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Hosting;

/// <summary>
/// The simulated market whose trades a data folder holds, kept beside them: a later run goes on where the stored trades end.
/// </summary>
internal static class MarketFolder
{
    /// <summary>The options of an exchange that continues the folder's market, or starts one where there is none.</summary>
    /// <exception cref="ConfigurationException">The folder holds a market with another seed, or its description cannot be read.</exception>
    public static SimulatedExchangeOptions Continue(DataFolder folder, SimulatedExchangeOptions options)
    {
        if (!File.Exists(folder.Simulation)) return options;
        MarketDescription market;
        SimulatedMarket simulated;
        try
        {
            market = MarketDescription.Load(folder.Simulation);
            simulated = new SimulatedMarket(market);
        }
        catch (InvalidDataException failure)
        {
            throw new ConfigurationException($"{failure.Message} Choose another folder with --data.", failure);
        }

        if (market.Seed != options.Seed)
        {
            throw new ConfigurationException(
                $"'{folder.Path}' holds a market with seed {market.Seed}, not {options.Seed}. "
                + "Use that seed, or another folder with --data.");
        }

        return options with { Continues = market, FirstK = Stored(folder, simulated) };
    }

    public static void Save(DataFolder folder, MarketDescription market)
    {
        try
        {
            Directory.CreateDirectory(folder.Path);
            market.Save(folder.Simulation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageFault.ReadOnly, $"'{folder.Simulation}' cannot be written: {failure.Message}", failure);
        }
    }

    private static Dictionary<string, long> Stored(DataFolder folder, SimulatedMarket market)
    {
        var first = new Dictionary<string, long>(StringComparer.Ordinal);
        if (!File.Exists(folder.Warehouse)) return first;
        using var warehouse = SqliteDatabase.OpenForReading(folder.Warehouse);
        foreach (var symbol in SqliteReads.Coverage(warehouse))
        {
            if (symbol.Covered.Count == 0 || !market.TryGetSymbol(symbol.Key.Ticker, out var simulated)) continue;
            first[symbol.Key.Ticker] = symbol.Covered[^1].To + 1 - simulated.FirstId;
        }

        return first;
    }
}
