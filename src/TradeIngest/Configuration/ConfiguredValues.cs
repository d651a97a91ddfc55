using System.Collections;
using System.Globalization;
using System.Reflection;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Configuration;

/// <summary>The options by their keys, such as <c>Exchange:InfoInterval</c>, and what is wrong with the text given for one.</summary>
internal static class ConfiguredValues
{
    /// <summary>Every option with its type; those of a dictionary as <c>Kafka:Settings</c>.</summary>
    public static IEnumerable<(string Key, Type Type)> All(Type? section = null, string prefix = "")
    {
        var properties = (section ?? typeof(ServiceOptions)).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var property in properties.Where(property => property.CanWrite))
        {
            var (key, type) = (prefix + property.Name, property.PropertyType);
            var isSection = type.Assembly == typeof(ServiceOptions).Assembly && type.IsClass;
            foreach (var option in isSection ? All(type, key + ":") : [(key, type)]) yield return option;
        }
    }

    /// <summary>Null when the text can be read as a value of the type.</summary>
    public static string? FaultOf(Type type, string? text)
    {
        var plain = Nullable.GetUnderlyingType(type);
        if (type == typeof(string) || (plain is not null && string.IsNullOrEmpty(text))) return null;
        if (typeof(IEnumerable).IsAssignableFrom(type)) return "it takes keys with values of their own, none by itself";
        var value = plain ?? type;
        var isRead = value switch
        {
            _ when value == typeof(bool) => bool.TryParse(text, out _),
            _ when value == typeof(TimeSpan) => IsDuration(text),
            { IsEnum: true } => Enum.GetNames(value).Contains(text, StringComparer.OrdinalIgnoreCase),
            _ => IsWhole(value, text),
        };
        return isRead ? null : $"'{text}' is {Expected(value)}";
    }

    // A number alone would be days, and 24:00:00 too.
    private static bool IsDuration(string? text) => text is not null && text.Contains(':', StringComparison.Ordinal)
        && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out _);

    private static bool IsWhole(Type type, string? text)
    {
        var (from, to) = BoundsOf(type);
        return Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= from && number <= to;
    }

    private static string Expected(Type type)
    {
        if (type == typeof(bool)) return "neither true nor false";
        if (type == typeof(TimeSpan)) return "no duration such as 00:00:20 (hours:minutes:seconds) or 7.00:00:00 (days first)";
        if (type.IsEnum) return $"none of {string.Join(", ", Enum.GetNames(type))}";
        var (from, to) = BoundsOf(type);
        return string.Create(CultureInfo.InvariantCulture, $"no whole number from {from} to {to}");
    }

    private static (long From, long To) BoundsOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int16 => (short.MinValue, short.MaxValue),
        TypeCode.Int32 => (int.MinValue, int.MaxValue),
        TypeCode.Int64 => (long.MinValue, long.MaxValue),
        _ => throw new NotSupportedException($"Options of type {type} cannot be checked."),
    };
}
