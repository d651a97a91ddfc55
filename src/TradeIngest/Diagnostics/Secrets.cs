using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>
/// What is never printed. <see cref="Mask"/> is the one place that removes it from messages: values registered as secrets, and all that has
/// the form of one. Everything written to standard error passes through it, logs included. Thread-safe.
/// </summary>
internal static class Secrets
{
    public const string Masked = "***";

    // Shorter ones are parts of ordinary words.
    private const int ShortestKept = 4;

    private const string Words = "pass|secret|token|credential|signature|jaas|private|api_?key|access_?key";

    private static readonly string[] SecretNames = ["pass", "secret", "key.pem", "private", "jaas", "token", "oauthbearer.config"];

    /// <summary>A PEM block; a password before a host; a value given to a name that speaks of a secret.</summary>
    private static readonly Regex Forms = new(
        @"-----BEGIN [^-]*-----(?<secret>.*?)(-----END|\z)"
        + @"|://([^\s/?#'"":@]*:)?(?<secret>[^\s/?#'""]*)@"
        + @"|(^|[\s,;='""(])[^\s:/,;='""(@]+:(?<secret>[^\s/,'""@]+)@"
        + $@"|[\w.\-]*({Words})[\w.\-]*=['""]?(?<secret>[^\s&;,'""]+)"
        + @"|[?&][\w.\-]*(key|auth|sig)=(?<secret>[^\s&'""]+)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.Singleline);

    // The longest first, so that none is hidden by a part of it.
    private static ImmutableSortedSet<string> _kept = ImmutableSortedSet.Create<string>(Comparer<string>.Create(static (left, right) =>
        left.Length != right.Length ? right.Length.CompareTo(left.Length) : string.CompareOrdinal(left, right)));

    /// <summary>
    /// Keeps a value as a secret: each of its lines, also as it is escaped in an address. One of fewer than four characters is not kept.
    /// </summary>
    public static void Keep(string? secret)
    {
        foreach (var line in (secret ?? "").Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Length < ShortestKept) continue;
            string[] spellings = [line, Uri.EscapeDataString(line), Uri.UnescapeDataString(line)];
            ImmutableInterlocked.Update(ref _kept, static (kept, added) => kept.Union(added), spellings);
        }
    }

    /// <summary>Keeps what has the form of a secret within a value, so that it is not shown without that form either.</summary>
    public static void KeepParts(string? value)
    {
        foreach (var match in Forms.Matches(value ?? "").Cast<Match>()) Keep(match.Groups["secret"].Value);
    }

    /// <summary>Keeps the secrets that an address may hold: what stands before its host, and the values of its query.</summary>
    public static void KeepAddress(string? address)
    {
        if (address is null) return;
        var text = address[(address.IndexOf("://", StringComparison.Ordinal) is var scheme and >= 0 ? scheme + 3 : 0)..];
        var host = text.AsSpan().IndexOfAny('/', '?', '#') is var end and >= 0 ? end : text.Length;

        // Where it is no address, anything before an @ may be a password.
        var at = text.LastIndexOf('@');
        if (at >= 0 && (at < host || !Uri.IsWellFormedUriString(address, UriKind.Absolute))) Keep(text[(text.IndexOf(':', 0, at) + 1)..at]);

        if (text.IndexOf('?', StringComparison.Ordinal) is not (var query and >= 0)) return;
        foreach (var pair in text[(query + 1)..].Split('&', '#'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || pair[..equals] is not ("streams" or "timeUnit")) Keep(pair[(equals + 1)..]);
        }
    }

    /// <summary>
    /// Whether the value of a setting of this name, lower-case with dots or written as in the environment, is not to be shown.
    /// </summary>
    public static bool IsSecretName(string name)
    {
        var dotted = name.ToLowerInvariant().Replace('_', '.');
        return Array.Exists(SecretNames, word => dotted.Contains(word, StringComparison.Ordinal));
    }

    /// <summary>Scheme, host and port of an address: all of it that a message needs.</summary>
    public static string Shown(Uri address) => address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    /// <summary>The text without secrets.</summary>
    public static string Mask(string text)
    {
        foreach (var secret in _kept) text = text.Replace(secret, Masked, StringComparison.OrdinalIgnoreCase);
        return Forms.Replace(text, static match =>
        {
            var secret = match.Groups["secret"];
            var from = secret.Index - match.Index;
            return string.Concat(match.ValueSpan[..from], Masked, match.ValueSpan[(from + secret.Length)..]);
        });
    }
}
