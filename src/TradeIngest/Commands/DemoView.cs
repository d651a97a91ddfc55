using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Spectre.Console;

namespace Crypto.TradeIngest.Commands;

/// <summary>Shows a demo while it runs: a live table on a terminal, a line a second elsewhere.</summary>
internal sealed class DemoView(DemoRun run, DemoPlan plan)
{
    private readonly RunReporter _rates = new(run.Service, TimeProvider.System);
    private long _shown = TimeProvider.System.GetTimestamp();

    public async Task ShowAsync(Action onLook, CancellationToken cancellationToken)
    {
        var console = Output.People();
        var length = plan.Trades is { } trades ? $"{Output.Count(trades)} trades" : $"{plan.Duration.TotalSeconds:0} s";
        console.MarkupLineInterpolated($"simulated exchange → WebSocket → log → warehouse, {plan.Symbols.Count} symbols, {length}");
        if (Console.IsOutputRedirected || !console.Profile.Capabilities.Interactive)
        {
            void ShowLine() => console.WriteLine(_rates.Read().ToString());

            await run.CompleteAsync(() => OnLook(onLook, TimeSpan.FromSeconds(1), ShowLine), cancellationToken);
            ShowLine();
            return;
        }

        await console.Live(Picture()).StartAsync(async live =>
        {
            void ShowPicture() => live.UpdateTarget(Picture());

            await run.CompleteAsync(() => OnLook(onLook, TimeSpan.FromMilliseconds(250), ShowPicture), cancellationToken);
            ShowPicture();
        });
    }

    private void OnLook(Action onLook, TimeSpan interval, Action show)
    {
        onLook();
        if (TimeProvider.System.GetElapsedTime(_shown) < interval) return;
        _shown = TimeProvider.System.GetTimestamp();
        show();
    }

    private Table Picture()
    {
        var report = _rates.Read();
        var table = new Table().Border(TableBorder.Rounded).AddColumns(
            "produced", "received", "stored", "per second", "p50", "p99", "gaps", "backfilled", "reference change");
        foreach (var column in table.Columns) column.RightAligned();
        table.AddRow(
            Output.Count(run.Produced), Output.Count(report.Received ?? 0), $"[green]{Output.Count(report.Stored ?? 0)}[/]",
            Output.Count((long)report.PerSecond), Output.Duration(report.P50 ?? 0), Output.Duration(report.P99 ?? 0),
            Output.Count(report.Gaps ?? 0), Output.Count(report.Backfilled ?? 0),
            run.Change is { } change ? $"[yellow]{change.Ticker} risk level[/]" : "-");
        return table;
    }
}
