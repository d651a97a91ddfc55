using Crypto.TradeModel.Trades;

namespace Crypto.TradeModel.Quality;

public static class ErrorReasons
{
    /// <summary>The stable name stored in <c>error_reason</c>, such as <c>price_not_positive</c>.</summary>
    public static string Name(this ErrorReason reason) => reason switch
    {
        ErrorReason.None => "none",
        ErrorReason.MalformedJson => "malformed_json",
        ErrorReason.MissingField => "missing_field",
        ErrorReason.DuplicateField => "duplicate_field",
        ErrorReason.WrongType => "wrong_type",
        ErrorReason.NumberOutOfRange => "number_out_of_range",
        ErrorReason.BadSymbol => "bad_symbol",
        ErrorReason.TooLarge => "too_large",
        ErrorReason.NotSpotTrade => "not_spot_trade",
        ErrorReason.UnknownEvent => "unknown_event",
        ErrorReason.PriceNotPositive => "price_not_positive",
        ErrorReason.QuantityNotPositive => "quantity_not_positive",
        ErrorReason.TradeIdOutOfRange => "trade_id_out_of_range",
        ErrorReason.TimeOutOfRange => "time_out_of_range",
        ErrorReason.UnknownContractVersion => "unknown_contract_version",
        ErrorReason.MalformedLine => "malformed_line",
        ErrorReason.ContentConflict => "content_conflict",
        ErrorReason.ContentReplaced => "content_replaced",
        ErrorReason.NotSubscribed => "not_subscribed",
        ErrorReason.TradeIdImplausible => "trade_id_implausible",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };

    /// <summary>
    /// Whether a rejected trade's id needs no other copy. What the exchange's history or an archive says of a price is the exchange's last
    /// word; a live copy may be damaged on its way, and a time out of range may be a fault of this machine's clock.
    /// </summary>
    public static bool IsConclusive(this ErrorReason reason, IngestSource source) =>
        reason is ErrorReason.PriceNotPositive or ErrorReason.QuantityNotPositive && source != IngestSource.Stream;

    /// <summary>The reverse of <see cref="Name"/>.</summary>
    public static bool TryParse(string name, out ErrorReason reason)
    {
        foreach (var candidate in Enum.GetValues<ErrorReason>())
        {
            if (candidate.Name() == name)
            {
                reason = candidate;
                return true;
            }
        }

        reason = default;
        return false;
    }
}
