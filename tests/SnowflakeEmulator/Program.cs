using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Crypto.SnowflakeEmulator;
using Crypto.SnowflakeEmulator.Faults;

// The emulator in a process of its own: dotnet run --project tests/SnowflakeEmulator -- --port 9555 --data emulated.db --key key.pem
var arguments = new Dictionary<string, string>(StringComparer.Ordinal)
{
    ["--port"] = "0",
    ["--data"] = "",
    ["--key"] = "snowflake-key.pem",
    ["--user"] = "TRADE_INGEST",
    ["--account"] = "testorg-emulated",
    ["--commit-delay-ms"] = "0",
    ["--fault-share"] = "0",
    ["--sql-interface"] = "true",
};
for (var i = 0; i < args.Length; i += 2)
{
    if (!arguments.ContainsKey(args[i]) || i + 1 == args.Length)
    {
        await Console.Error.WriteLineAsync(
            $"'{args[i]}' is no option with a value. There are {string.Join(", ", arguments.Keys)}. --key names the PEM file of the user's "
                + "private key, which is made when it is missing.");
        return 2;
    }

    arguments[args[i]] = args[i + 1];
}

using var rsa = RSA.Create(2048);
if (File.Exists(arguments["--key"])) rsa.ImportFromPem(await File.ReadAllTextAsync(arguments["--key"]));
else await File.WriteAllTextAsync(arguments["--key"], rsa.ExportPkcs8PrivateKeyPem());

var options = new EmulatorOptions
{
    Port = int.Parse(arguments["--port"], CultureInfo.InvariantCulture),
    File = arguments["--data"] is { Length: > 0 } file ? Path.GetFullPath(file) : null,
    Account = arguments["--account"].ToUpperInvariant(),
    HasSqlInterface = bool.Parse(arguments["--sql-interface"]),
    CommitDelay = TimeSpan.FromMilliseconds(int.Parse(arguments["--commit-delay-ms"], CultureInfo.InvariantCulture)),
};
var emulator = await EmulatedSnowflake.StartAsync(options, TimeProvider.System);
emulator.Keys.SetKeys(arguments["--user"], Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()));
var share = double.Parse(arguments["--fault-share"], CultureInfo.InvariantCulture);
Fault[] random =
[
    Fault.LostBefore, Fault.LostAfter, Fault.UnavailableBefore, Fault.ErrorAfter, Fault.TooManyRequests, Fault.ExpiredToken,
    Fault.DelayedCommit,
    Fault.StaleSequencer, Fault.ChannelInvalidated, Fault.ChannelVanished, Fault.FailedOver, Fault.StatementRunsOn,
];
foreach (var fault in random) emulator.Faults.Share(fault, share);
Console.WriteLine(
    JsonSerializer.Serialize(
        new
        {
            url = emulator.Url,
            account = arguments["--account"],
            user = arguments["--user"],
            key = Path.GetFullPath(arguments["--key"]),
        }));

var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
await stop.Task;
await emulator.DisposeAsync();
foreach (var statement in emulator.Untranslated) await Console.Error.WriteLineAsync($"not translated: {statement}");
return emulator.Untranslated.Count == 0 ? 0 : 1;

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.TrySetResult();
}
