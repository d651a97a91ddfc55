using Crypto.TradeIngest.Backfill;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>Shows how a backfill gets on: a bar with rate and time left on a terminal, lines on standard error elsewhere.</summary>
internal sealed class BackfillView(bool json, TimeProvider clock)
{
    private static readonly TimeSpan OnTerminal = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan InLog = TimeSpan.FromSeconds(5);

    private readonly long _started = clock.GetTimestamp();
    private string? _note;

    public TimeSpan Elapsed => clock.GetElapsedTime(_started);

    /// <summary>Shows reports until the work has ended, which is then the caller's to await.</summary>
    public async Task FollowAsync(Func<BackfillReport> read, Task work, CancellationToken cancellationToken)
    {
        if (json || Console.IsOutputRedirected)
        {
            while (!await EndsWithinAsync(work, InLog, cancellationToken))
            {
                if (!json) await Console.Error.WriteLineAsync(Line(read()));
            }

            return;
        }

        await Output.People().Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new SpinnerColumn())
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask("backfill", maxValue: 1);
                do Show(bar, read());
                while (!await EndsWithinAsync(work, OnTerminal, cancellationToken));
                Show(bar, read());
            });
    }

    /// <summary>What a report says, on one line.</summary>
    public string Line(BackfillReport report)
    {
        var (trades, percent) = (Output.Count(report.Trades), (int)(report.Fraction * 100));
        var line = $"{report.Step}: {trades} trades, {Speed(report)}, {percent} % done";
        return report.Note is null ? line : $"{line}; waiting: {report.Note}";
    }

    private static async Task<bool> EndsWithinAsync(Task work, TimeSpan time, CancellationToken cancellationToken)
    {
        await Task.WhenAny(work, Task.Delay(time, TimeProvider.System, cancellationToken));
        return work.IsCompleted || cancellationToken.IsCancellationRequested;
    }

    private void Show(ProgressTask bar, BackfillReport report)
    {
        bar.Value = report.Fraction;
        bar.Description = Markup.Escape($"{report.Step} {Output.Count(report.Trades)} trades, {Speed(report)}");
        if (report.Note is { } note && note != _note) Output.Errors().WriteLine($"waiting: {note}");
        _note = report.Note;
    }

    private string Speed(BackfillReport report)
    {
        var seconds = Math.Max(0.001, Elapsed.TotalSeconds);
        var rate = $"{Output.Count((long)(report.Trades / seconds))} a second";
        if (report.Fraction is <= 0 or >= 1) return rate;
        var left = TimeSpan.FromSeconds(Math.Ceiling(Math.Min(seconds * (1 - report.Fraction) / report.Fraction, 8_640_000)));
        return $"{rate}, {left:c} left";
    }
}
