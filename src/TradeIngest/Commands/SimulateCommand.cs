using System.CommandLine;
using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Jobs;
using Crypto.TradeIngest.Replay;
using Crypto.TradeIngest.Simulation;
using Crypto.TradeIngest.Simulation.Markets;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Symbols;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Commands;

internal static class SimulateCommand
{
    private const string DefaultRate = "1000";

    public static Command Create()
    {
        var port = CommonOptions.Number("--port", "TCP port on 127.0.0.1, up to 65535. Default: any free one", 0, 65_535, 0);
        var seed = CommonOptions.Seed();
        var symbols = CommonOptions.Symbols("Tickers to list. Default: thirty well-known ones");
        var rate = CommonOptions.Rate(DefaultRate);
        var replay = new Option<string[]>("--replay")
        {
            Description = "Serve the trades of recorded files instead of generated ones.",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
        };
        var speed = CommonOptions.Number("--speed", "How many times faster than recorded. Default: 1", 0.001, 1_000_000, 1);
        var clockAhead = new Option<string?>("--clock-ahead")
        {
            Description = "The exchange's clock is so much ahead of this machine's, to try how a client takes it: 30s, 25h.",
            HelpName = "TIME",
        };
        var fault = new Option<string[]>("--fault")
        {
            Description = "Misbehave: one of the faults above. May be given several times. With the same --seed the same events are hit.",
            HelpName = "NAME=VALUE",
        };
        var data = new Option<string?>("--data")
        {
            Description = "Keep simulation.json in this folder, so that verify can compare what run captures into it.",
            HelpName = "DIR",
        };
        var json = CommonOptions.Json();
        var command = new Command(
            "simulate",
            $"""
            Runs an exchange on this machine that speaks Binance's spot protocol, streams and REST. Any Binance client works
            against it by changing its base address.

            Streams: <symbol>@trade, <symbol>@aggTrade, <symbol>@kline_<interval>. REST below /api/v3: ping, time, exchangeInfo,
            trades, historicalTrades, aggTrades, klines.

            Examples:
              trade-ingest simulate --port 9443 --symbols BTCUSDT,ETHUSDT --rate 500
              trade-ingest simulate --replay BTCUSDT-trades-2026-02-03.csv --speed 10
              trade-ingest simulate --port 9443 --fault drop=0.01 --fault disconnect=30s --fault rest-status=429:0.1

            Faults:
            {FaultTable.Help()}
            {FaultTable.Forms}
            """)
        {
            port, seed, symbols, rate, replay, speed, clockAhead, fault, data, json,
        };
        command.SetAction((parsed, cancellation) => RunAsync(
            new SimulatedExchangeOptions
            {
                Port = parsed.GetValue(port),
                Seed = parsed.GetValue(seed),
                Rate = CommonOptions.ParseRate(parsed.GetValue(rate)!),
                Speed = parsed.GetValue(speed),
                Faults = FaultTable.Parse(parsed.GetValue(seed), parsed.GetValue(fault) ?? []),
                TimeProvider = parsed.GetValue(clockAhead) is { } ahead
                    ? new ShiftedTimeProvider(TimeProvider.System) { Offset = CommonOptions.ParseDuration("--clock-ahead", ahead) }
                    : TimeProvider.System,
                Symbols = parsed.GetValue(symbols) is { } list ? CommonOptions.Listed(list) : ListingCatalog.Tickers,
            },
            parsed.GetValue(replay) ?? [],
            parsed.GetValue(data) is { } path ? new DataFolder(path) : null,
            parsed.GetValue(json),
            cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        SimulatedExchangeOptions options, string[] replay, DataFolder? folder, bool json, CancellationToken cancellationToken)
    {
        if (folder is not null && replay.Length > 0)
        {
            throw new ConfigurationException("--data is for generated trades; leave it out with --replay.");
        }

        if (folder is not null)
        {
            options = MarketFolder.Continue(folder, options) with { Keep = market => MarketFolder.Save(folder, market) };
        }

        if (replay.Length > 0) options = options with { Tape = await ReadTapeAsync(replay, cancellationToken) };
        await using var exchange = new SimulatedExchange(options);
        try
        {
            await exchange.StartAsync(cancellationToken);
        }
        catch (IOException failure)
        {
            throw new ConfigurationException(
                $"Port {options.Port} cannot be listened on ({failure.Message}). Choose another with --port.", failure);
        }
        catch (InvalidDataException failure)
        {
            throw new ConfigurationException($"{failure.Message} Choose another folder with --data.", failure);
        }

        if (json) Output.Json(new { web_socket = Base(exchange.WsBase), rest = Base(exchange.RestBase), symbols = exchange.Tickers });
        else Write(exchange);

        var stopped = Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken)
            .ContinueWith(static _ => { }, TaskScheduler.Default);

        // A market that came to its end is served on; one that cannot be kept ends the exchange.
        if (await Task.WhenAny(exchange.Finished, stopped) == exchange.Finished) await exchange.Finished;
        await stopped;
        await exchange.HaltAsync();
        return ExitCode.Ok;
    }

    private static void Write(SimulatedExchange exchange)
    {
        var (webSocket, rest) = (Base(exchange.WsBase), Base(exchange.RestBase));
        Console.Out.WriteLine($"WebSocket {webSocket}");
        Console.Out.WriteLine($"REST      {rest}");
        Console.Out.WriteLine($"symbols   {string.Join(',', exchange.Tickers)}");
        Console.Out.WriteLine(
            $"capture   trade-ingest run --ws {webSocket} --rest {rest} --symbols {string.Join(',', exchange.Tickers.Take(3))}");
    }

    private static string Base(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    private static async Task<RecordedTape> ReadTapeAsync(string[] files, CancellationToken cancellationToken)
    {
        var trades = new List<Trade>();
        var symbols = new SymbolTable();
        foreach (var path in files)
        {
            using var file = ReplayFile.Open(path, symbols, TimeProvider.System);
            await foreach (var value in file.ReadAsync(cancellationToken))
            {
                if (value is not TradeBatch batch) continue;
                trades.AddRange(batch.Trades);
                batch.Dispose();
            }
        }

        var tickers = trades.Select(trade => trade.Symbol.Ticker).Distinct(StringComparer.Ordinal);
        var faults = tickers.Select(ListingCatalog.FaultOf).OfType<string>().ToList();
        return faults.Count == 0 ? RecordedTape.Of(trades) : throw ConfigurationException.Of(faults);
    }
}
