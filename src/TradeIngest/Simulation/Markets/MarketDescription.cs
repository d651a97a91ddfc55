using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Crypto.TradeModel.Numbers;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Simulation.Markets;

/// <summary>
/// Everything needed to compute any trade of a simulated market again, on any machine: kept as <c>simulation.json</c> beside the
/// data so that stored rows can be checked against their origin later.
/// </summary>
/// <param name="Seed">Chooses one of the possible markets.</param>
/// <param name="Listings">Its instruments, in the order of their ordinals.</param>
/// <param name="Sessions">Its runs, oldest first.</param>
/// <param name="Produced">
/// Per ticker the trades that happened since capture began; null while the last session runs, or if it was cut short.
/// </param>
internal sealed record MarketDescription(
    long Seed, IReadOnlyList<Listing> Listings, IReadOnlyList<MarketSession> Sessions,
    IReadOnlyDictionary<string, TradeSpan>? Produced = null)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        Converters =
        {
            new TextConverter<Price>(Price.Parse),
            new TextConverter<Quantity>(Quantity.Parse),
            new TextConverter<Amount>(Amount.Parse),
            new TextConverter<Timestamp>(Timestamp.Parse),
        },
    };

    /// <summary>A market that has not run yet.</summary>
    public static MarketDescription New(long seed) => new(seed, [], []);

    /// <summary>The market with one more run.</summary>
    /// <param name="firstK">Where each ticker continues; a ticker left out starts at 0.</param>
    /// <param name="listedAt">When tickers are listed that are not from the beginning.</param>
    /// <exception cref="ArgumentException">A ticker cannot be listed.</exception>
    public MarketDescription Continue(
        IEnumerable<string> tickers, Timestamp origin, long milliTradesPerSecond, IReadOnlyDictionary<string, long>? firstK = null,
        IReadOnlyDictionary<string, Timestamp>? listedAt = null)
    {
        var listings = Listings.ToList();
        var starts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var ticker in tickers)
        {
            if (!listings.Exists(listing => listing.Ticker == ticker)) listings.Add(ListingCatalog.Get(ticker));
            starts[ticker] = firstK?.GetValueOrDefault(ticker) ?? 0;
        }

        var session = new MarketSession(origin, milliTradesPerSecond, starts, ListedAt: listedAt);
        return new MarketDescription(Seed, listings, [.. Sessions, session]);
    }

    /// <summary>The market with its last run going up to these trades, exclusive.</summary>
    public MarketDescription EndingAt(IReadOnlyDictionary<string, long> endK) =>
        this with { Sessions = [.. Sessions.SkipLast(1), Sessions[^1] with { EndK = endK }] };

    /// <summary>One past the last trade of a ticker that may have happened in any run.</summary>
    public long EndOf(string ticker) => Sessions.Count == 0 ? 0 : Sessions.Max(session => Math.Max(
        session.FirstK.GetValueOrDefault(ticker), session.EndK?.GetValueOrDefault(ticker) ?? 0));

    /// <exception cref="InvalidDataException">The file is not a market description.</exception>
    public static MarketDescription Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<MarketDescription>(File.ReadAllBytes(path), Format)
                ?? throw new InvalidDataException($"'{path}' holds no market description.");
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new InvalidDataException($"'{path}' is not a market description: {error.Message}", error);
        }
    }

    /// <summary>Writes the file in one step: a reader sees the old or the new text.</summary>
    public void Save(string path)
    {
        var draft = path + ".new";
        File.WriteAllBytes(draft, JsonSerializer.SerializeToUtf8Bytes(this, Format));
        File.Move(draft, path, overwrite: true);
    }

    private sealed class TextConverter<T>(Func<string, T> parse) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            parse(reader.GetString() ?? throw new JsonException("Expected text."));

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
