using System.Text;
using System.Text.Json.Serialization;
using Crypto.TradeModel.Continuity;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;

namespace Crypto.TradeIngest.Backfill;

/// <summary>What a <see cref="BackfillRequest"/> asks for.</summary>
internal enum BackfillKind
{
    /// <summary>Everything that is missing, by REST.</summary>
    Gaps,

    /// <summary>A range of ids, by REST.</summary>
    Ids,

    /// <summary>A range of times, by REST.</summary>
    Times,

    /// <summary>Days of the exchange's archive, downloaded.</summary>
    Dates,

    /// <summary>Files on this machine.</summary>
    Files,
}

/// <summary>
/// Trades to be fetched and stored, as the command hands them to a running service: a file of JSON in the data folder. Which of the members
/// are there says what kind it is.
/// <code>
/// {"version":1,"symbol":"BTCUSDT","first_date":"2026-02-03","last_date":"2026-02-05","archive_address":"https://data.binance.vision"}
/// </code>
/// </summary>
internal sealed record BackfillRequest
{
    public const int CurrentVersion = 1;

    // The first day on which anything was traded on the exchange.
    private static readonly DateOnly FirstDay = new(2017, 7, 14);

    public int Version { get; init; } = CurrentVersion;

    /// <summary>Upper case; null for all symbols, where the kind allows it.</summary>
    public string? Symbol { get; init; }

    public long? FromId { get; init; }

    /// <summary>Inclusive.</summary>
    public long? ToId { get; init; }

    /// <summary>Microseconds since 1970.</summary>
    public long? FromTime { get; init; }

    /// <summary>Microseconds since 1970, exclusive.</summary>
    public long? ToTime { get; init; }

    public DateOnly? FirstDate { get; init; }

    /// <summary>Inclusive.</summary>
    public DateOnly? LastDate { get; init; }

    /// <summary>Where the days are downloaded.</summary>
    public string? ArchiveAddress { get; init; }

    /// <summary>Whole paths.</summary>
    public IReadOnlyList<string>? Files { get; init; }

    [JsonIgnore]
    public BackfillKind Kind => this switch
    {
        { Files: not null } => BackfillKind.Files,
        { FirstDate: not null } => BackfillKind.Dates,
        { FromId: not null } => BackfillKind.Ids,
        { FromTime: not null } => BackfillKind.Times,
        _ => BackfillKind.Gaps,
    };

    /// <summary>The range of <see cref="BackfillKind.Ids"/>.</summary>
    [JsonIgnore]
    public IdRange Ids => new(FromId!.Value, ToId!.Value);

    /// <summary>Why it cannot be done; empty when nothing speaks against it.</summary>
    public IEnumerable<string> Faults(TimeProvider clock)
    {
        if (Version != CurrentVersion) yield return $"The request is of version {Version}; this program knows {CurrentVersion}.";
        if (Symbol is { } ticker && !IsTicker(ticker))
        {
            yield return $"'{ticker}' cannot be a symbol. Tickers are written in upper case without separators, such as BTCUSDT.";
        }

        if (Symbol is null && Kind is BackfillKind.Ids or BackfillKind.Times or BackfillKind.Dates)
        {
            yield return "A range is one symbol's: name it, as in trade-ingest backfill BTCUSDT.";
        }

        if (new[] { Files is not null, FirstDate is not null, FromId is not null, FromTime is not null }.Count(given => given) > 1)
        {
            yield return "Give one of ids (--from-id, --to-id), times (--from, --to), days (--dates) and files (--archive).";
        }

        foreach (var fault in RangeFaults(Timestamp.Now(clock))) yield return fault;
    }

    private IEnumerable<string> RangeFaults(Timestamp now)
    {
        if (FromId is not null != ToId is not null) yield return "A range of ids needs both ends: --from-id A --to-id B.";
        else if (FromId > ToId) yield return $"--from-id {FromId} lies behind --to-id {ToId}. Exchange them.";
        else if (FromId < 0 || ToId > TradeQuality.MaxTradeId) yield return $"Ids lie in 0 to {TradeQuality.MaxTradeId}.";

        if (FromTime is not null != ToTime is not null) yield return "A range of times needs both ends: --from TIME --to TIME.";
        else if (FromTime >= ToTime) yield return $"--from does not lie before --to: {Shown(FromTime)}, {Shown(ToTime)}. Exchange them.";
        else if (ToTime > now.Microseconds) yield return $"--to {Shown(ToTime)} lies in the future; now it is {now}.";

        if (FirstDate is not null != LastDate is not null) yield return "A range of days needs both ends: --dates A..B.";
        else if (FirstDate is { } first && LastDate is { } last)
        {
            var today = Day(now);
            if (first > last) yield return $"--dates {first:O}..{last:O} runs backwards. Exchange the days.";
            else if (last >= today) yield return $"--dates: {last:O} is not over yet, in UTC; its archive comes the day after.";
            else if (first < FirstDay) yield return $"--dates: {first:O} lies before the exchange's first day, {FirstDay:O}.";
            if (ArchiveAddress is null) yield return "Days need the address of their archive.";
            else if (BackfillOptions.FaultOf(ArchiveAddress) is { } fault) yield return $"The address of the archive {fault}.";
        }

        if (Files is { Count: 0 }) yield return "No file is named.";
    }

    private static bool IsTicker(string ticker) =>
        ticker.Any(char.IsLetterOrDigit)
        && Encoding.UTF8.GetByteCount(ticker) <= SymbolTable.MaxTickerLength
        && ticker.All(letter => letter is '_' or '-' or '.' || (char.IsLetterOrDigit(letter) && !char.IsAsciiLetterLower(letter)));

    private static DateOnly Day(Timestamp time) =>
        DateOnly.FromDayNumber(new DateOnly(1970, 1, 1).DayNumber + (int)(time.Microseconds / 86_400_000_000));

    // What a file holds need not be a time.
    private static string Shown(long? microseconds) =>
        microseconds is >= 0 and <= 253_402_214_400_000_000 and { } known ? new Timestamp(known).ToString() : $"{microseconds}";
}
