using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.Warehouse;
using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Jobs;

/// <summary>
/// The simulated market whose trades a data folder holds, kept beside them: a later run goes on behind every trade that may have happened,
/// stored or still on its way.
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

        var stored = Stored(folder, simulated);
        var first = market.Listings.ToDictionary(
            listing => listing.Ticker,
            listing => Math.Max(market.EndOf(listing.Ticker), stored.GetValueOrDefault(listing.Ticker)),
            StringComparer.Ordinal);
        return options with { Continues = market, FirstK = first };
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
            throw new StorageException(
                DataFolder.IsFull(failure)
                    ? StorageFault.Full
                    : StorageFault.ReadOnly, $"'{folder.Simulation}' cannot be written: {failure.Message}", failure);
        }
    }

    /// <summary>One past the last trade in the warehouse: where descriptions of earlier versions do not tell the end.</summary>
    private static Dictionary<string, long> Stored(DataFolder folder, SimulatedMarket market)
    {
        var first = new Dictionary<string, long>(StringComparer.Ordinal);
        using var warehouse = SqliteDatabase.FindForReading(folder.Warehouse);
        if (warehouse is null) return first;
        foreach (var symbol in SqliteReads.Coverage(warehouse))
        {
            if (symbol.Covered.Count == 0 || !market.TryGetSymbol(symbol.Key.Ticker, out var simulated)) continue;
            first[symbol.Key.Ticker] = symbol.Covered[^1].To + 1 - simulated.FirstId;
        }

        return first;
    }
}
