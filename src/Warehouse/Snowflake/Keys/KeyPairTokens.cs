using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Crypto.Warehouse.Snowflake.Keys;

/// <summary>
/// Key-pair tokens: <c>{"iss":"ACCOUNT.USER.SHA256:…","sub":"ACCOUNT.USER","iat":…,"exp":…}</c> signed with RS256. A token is used
/// again until four fifths of its life are over, the key's source changes or the server refuses it. Thread-safe.
/// <para>
/// Tokens are issued half a minute into the past, since a server whose clock is behind refuses those of the future; a greater
/// difference is learned from the server's answers (<see cref="ObserveServerTime"/>).
/// </para>
/// </summary>
public sealed class KeyPairTokens : IDisposable
{
    /// <summary>Snowflake takes an hour at most.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(50);

    private static readonly TimeSpan Backdating = TimeSpan.FromSeconds(30);
    private static readonly byte[] Header = Encoding.UTF8.GetBytes("{\"alg\":\"RS256\",\"typ\":\"JWT\"}");

    private readonly Lock _gate = new();
    private readonly IPrivateKeySource _source;
    private readonly TimeProvider _clock;
    private readonly string _subject;
    private SigningKey? _key;
    private string? _stamp;
    private string? _token;
    private DateTimeOffset _renewAt;
    private TimeSpan _skew;

    /// <param name="account">As <see cref="AccountName"/> reads it.</param>
    /// <param name="user">The service user's login name.</param>
    /// <exception cref="SnowflakeException">The account or the user is no such name.</exception>
    public KeyPairTokens(string account, string user, IPrivateKeySource source, TimeProvider clock)
    {
        if (!AccountName.TryParse(account, out var name))
        {
            throw new SnowflakeException(
                SnowflakeFault.Configuration,
                $"'{account}' is no account such as myorg-account1 or xy12345.eu-central-1; set Snowflake:Account.");
        }

        if (string.IsNullOrWhiteSpace(user)) throw new SnowflakeException(
            SnowflakeFault.Configuration, "No user is set; set Snowflake:User.");
        _subject = $"{name.Claim}.{user.Trim().ToUpperInvariant()}";
        _source = source;
        _clock = clock;
    }

    /// <summary>Why the newest key could not be loaded while the one before is still in use; null when all is well.</summary>
    public SnowflakeException? RotationFailure { get; private set; }

    /// <summary>The fingerprint of the key in use, to compare with <c>DESC USER</c>.</summary>
    public string Fingerprint
    {
        get
        {
            lock (_gate) return Key().Fingerprint;
        }
    }

    /// <summary>The public key as <c>ALTER USER</c> takes it.</summary>
    public string PublicKey
    {
        get
        {
            lock (_gate) return Key().PublicKey;
        }
    }

    /// <summary>A token that is valid now.</summary>
    /// <exception cref="SnowflakeException">There is no usable key.</exception>
    public string Current()
    {
        lock (_gate)
        {
            var key = Key();
            var now = _clock.GetUtcNow() + _skew;
            if (_token is not null && now < _renewAt) return _token;
            var issued = now - Backdating;
            _renewAt = issued + (Lifetime * 0.8);
            return _token = Issue(key, issued);
        }
    }

    /// <summary>Forgets the token and reads the key again: the server refused it.</summary>
    public void Invalidate()
    {
        lock (_gate)
        {
            _token = null;
            _stamp = null;
        }
    }

    /// <summary>
    /// Tells what time the server has, from the Date header of a refusal. A difference of more than ten seconds is taken into account.
    /// </summary>
    public void ObserveServerTime(DateTimeOffset serverTime)
    {
        lock (_gate)
        {
            var skew = serverTime - _clock.GetUtcNow();
            if ((skew - _skew).Duration() < TimeSpan.FromSeconds(10)) return;
            _skew = skew;
            _token = null;
        }
    }

    public void Dispose() => _key?.Dispose();

    private SigningKey Key()
    {
        var stamp = _source.Stamp;
        if (_key is not null && stamp == _stamp) return _key;
        try
        {
            var key = SigningKey.Parse(_source.Read());
            if (key.Fingerprint != _key?.Fingerprint) _token = null;
            _key?.Dispose();
            _key = key;
            RotationFailure = null;
        }
        catch (SnowflakeException failure) when (_key is not null)
        {
            // A file half written, or rotated wrongly: the key in use stays, and the next stamp tries again.
            RotationFailure = failure;
        }

        _stamp = stamp;
        return _key;
    }

    private string Issue(SigningKey key, DateTimeOffset issued)
    {
        var claims = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["iss"] = $"{_subject}.{key.Fingerprint}",
            ["sub"] = _subject,
            ["iat"] = issued.ToUnixTimeSeconds(),
            ["exp"] = (issued + Lifetime).ToUnixTimeSeconds(),
        });
        var signed = $"{Base64Url.EncodeToString(Header)}.{Base64Url.EncodeToString(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(signed)))}";
    }
}
