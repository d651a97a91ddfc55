using System.Globalization;
using Crypto.TradeModel.Times;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Binance;

/// <summary>
/// How long the exchange wants to hear nothing from this address. One state for requests and connections, kept in a file, since a process
/// that asks on during a ban prolongs it. Counted on steadily: a clock that is set neither ends nor prolongs a ban. Thread-safe.
/// </summary>
internal sealed class ExchangeBan
{
    /// <summary>Where the exchange does not say for how long: its shortest ban.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(2);

    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly string? _path;
    private readonly ILogger _logger;
    private readonly DateTimeOffset _madeAt;
    private readonly long _madeTimestamp;
    private DateTimeOffset _until;

    /// <param name="path">The file it is kept in; null to keep none.</param>
    public ExchangeBan(TimeProvider clock, string? path, ILogger logger)
    {
        _clock = clock;
        _path = path;
        _logger = logger;
        _madeAt = clock.GetUtcNow();
        _madeTimestamp = clock.GetTimestamp();
        _until = Restore();
    }

    /// <summary>In the past unless the exchange refused.</summary>
    public DateTimeOffset Until
    {
        get
        {
            lock (_gate) return _until;
        }
    }

    /// <summary>The time it is, counted on from when this was made.</summary>
    public DateTimeOffset Now => _madeAt + _clock.GetElapsedTime(_madeTimestamp);

    /// <summary>Nothing is asked for a period, which is bounded by the exchange's longest ban.</summary>
    public void Extend(TimeSpan period)
    {
        lock (_gate)
        {
            var until = Now + (period < Backoff.LongestRetryAfter ? period : Backoff.LongestRetryAfter);
            if (until <= _until) return;
            _until = until;
            _logger.StayingAway(until);
            Keep(until);
        }
    }

    /// <summary>Returns when the exchange may be asked.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        // Whole milliseconds, since timers have no smaller ones.
        for (var left = Until - Now; left > TimeSpan.Zero; left = Until - Now)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), _clock, cancellationToken);
        }
    }

    private DateTimeOffset Restore()
    {
        if (_path is null || !File.Exists(_path)) return default;
        try
        {
            var text = File.ReadAllText(_path);
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var until)) return default;
            if (until <= _madeAt) return default;
            until = until - _madeAt < Backoff.LongestRetryAfter ? until : _madeAt + Backoff.LongestRetryAfter;
            _logger.StayingAway(until);
            return until;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _logger.BanNotKept(_path, failure.Message);
            return default;
        }
    }

    private void Keep(DateTimeOffset until)
    {
        if (_path is null) return;
        try
        {
            if (Path.GetDirectoryName(_path) is { } folder) Directory.CreateDirectory(folder);
            File.WriteAllText(_path, until.ToString("O", CultureInfo.InvariantCulture));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _logger.BanNotKept(_path, failure.Message);
        }
    }
}
