using System.Globalization;
using System.Reflection;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Hosting;
using Microsoft.Extensions.Logging;

namespace Crypto.TradeIngest.Tests.Diagnostics;

/// <summary>Event ids are what alerts go by: each has one meaning, and keeps it.</summary>
[TestClass]
public sealed class LogEventTests
{
    private const int IdsPerRoom = 100;

    private static IReadOnlyList<(MethodInfo Method, LoggerMessageAttribute Message)> Events { get; } =
    [
        .. from type in typeof(TradeIngestHost).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           orderby message.EventId
           select (method, message),
    ];

    [TestMethod]
    public void EventIds_AreUniqueAndOfTheirRoom()
    {
        Assert.IsNotEmpty(Events);
        CollectionAssert.AllItemsAreUnique(Events.Select(item => item.Message.EventId).ToArray());
        CollectionAssert.AllItemsAreUnique(Events.Select(item => item.Method.Name).ToArray());
        foreach (var hundred in Events.GroupBy(item => item.Message.EventId / IdsPerRoom))
        {
            Assert.HasCount(
                1, hundred.Select(item => item.Method.DeclaringType).Distinct().ToArray(), $"{hundred.Key}00: ids of one class only.");
        }
    }

    [TestMethod]
    public void Documentation_TableOfEvents_HoldsWhatIsLogged()
    {
        var path = Path.Combine(Repository.Root, "docs", "log-events.md");
        var documented = File.ReadAllText(path).ReplaceLineEndings("\n");
        var table = Table();

        Assert.AreEqual(
            table, documented[Math.Max(0, documented.IndexOf("| id |", StringComparison.Ordinal))..],
            $"End docs/log-events.md with this table; an id or a name that changes is an alert that goes silent:\n{table}");
    }

    private static string Table()
    {
        var table = new StringBuilder("| id | level | event | message |\n|---|---|---|---|\n");
        foreach (var (method, message) in Events)
        {
            var level = method.GetParameters().Any(parameter => parameter.ParameterType == typeof(LogLevel))
                ? "varies"
                : $"{message.Level}";
            table.Append(CultureInfo.InvariantCulture, $"| {message.EventId} | {level} | {method.Name} | {message.Message} |\n");
        }

        return table.ToString();
    }
}
