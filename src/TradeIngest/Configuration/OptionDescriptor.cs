using System.Collections;
using System.ComponentModel;
using System.Reflection;

namespace Crypto.TradeIngest.Configuration;

/// <summary>One option: where it stands, what it takes, what it means. Made from its property.</summary>
internal sealed class OptionDescriptor
{
    public const string EnvironmentPrefix = "CRYPTO__";

    private readonly PropertyInfo[] _path;
    private readonly WithinAttribute? _within;
    private readonly bool _isBytes;
    private readonly bool _isNullable;

    public OptionDescriptor(IReadOnlyList<PropertyInfo> path, object? @default)
    {
        _path = [.. path];
        var property = path[^1];
        _isNullable = new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;
        _within = property.GetCustomAttribute<WithinAttribute>();
        _isBytes = _within is BytesWithinAttribute;
        Key = string.Join(':', path.Select(section => section.Name));
        Type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        HasKeys = Type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(Type);
        HoldsAddress = property.IsDefined(typeof(AddressAttribute));
        Description = property.GetCustomAttribute<DescriptionAttribute>()?.Description
            ?? throw new NotSupportedException($"Option {Key} has no description.");
        Default = HasKeys ? "" : Format(@default);
    }

    /// <summary>Such as <c>Exchange:InfoInterval</c>.</summary>
    public string Key { get; }

    /// <summary>Without the nullable around it.</summary>
    public Type Type { get; }

    /// <summary>Whether the operator chooses the keys beneath it, each with a text of its own.</summary>
    public bool HasKeys { get; }

    public bool HoldsAddress { get; }

    public string Description { get; }

    /// <summary>Empty where there is none.</summary>
    public string Default { get; }

    /// <summary>Such as <c>1 to 65536</c> or <c>Embedded, Kafka</c>; empty where anything goes.</summary>
    public string Range => Type.IsEnum ? string.Join(", ", Enum.GetNames(Type))
        : _within is not { } within ? ""
        : (within.To is { } to ? $"{within.From} to {to}" : $"from {within.From}") + (within.Or is { } or ? $", or {or}" : "");

    public static string EnvironmentVariableOf(string key) => EnvironmentPrefix + key.Replace(":", "__", StringComparison.Ordinal);

    public object? ValueIn(object root) => _path.Aggregate((object?)root, (section, property) => property.GetValue(section));

    public string Format(object? value) => OptionText.Format(value, _isBytes);

    /// <summary>
    /// Null, and the value, when the text can be read; else what is wrong with it. Ranges are <see cref="RangeFault"/>'s.
    /// </summary>
    public string? TryRead(string text, out object? value)
    {
        value = null;
        if (HasKeys) return "takes keys with values of their own, none by itself";
        if (_isNullable && text.Length == 0 && Type != typeof(string)) return null;
        value = OptionText.Parse(Type, _isBytes, text);
        return value is null ? $"'{text}' is {OptionText.Expected(Type, _isBytes)}" : null;
    }

    /// <summary>Null when the value is within the option's range.</summary>
    public string? RangeFault(object? value)
    {
        if (_within is not { } within || value is not IComparable comparable) return null;
        var isWithin = (comparable.CompareTo(Bound(within.From)) >= 0 && (within.To is not { } to || comparable.CompareTo(Bound(to)) <= 0))
            || (within.Or is { } or && value.Equals(Bound(or)));
        return isWithin ? null : $"{Format(value)} is not within {Range}";
    }

    /// <summary>Sets the value within the root's section, although the sections are immutable to everybody else.</summary>
    public void Set(object root, object? value) => Set(root, value, depth: 0);

    // Each section is set again too: its property may give a copy.
    private void Set(object section, object? value, int depth)
    {
        var property = _path[depth];
        if (depth < _path.Length - 1)
        {
            var child = property.GetValue(section)!;
            Set(child, value, depth + 1);
            value = child;
        }

        property.SetValue(section, value);
    }

    private object Bound(string text) => OptionText.Parse(Type, _isBytes, text)
        ?? throw new NotSupportedException($"The bound {text} of option {Key} is {OptionText.Expected(Type, _isBytes)}.");
}
