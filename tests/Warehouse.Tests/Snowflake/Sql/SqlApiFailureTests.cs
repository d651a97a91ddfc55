using System.Net;
using System.Text;
using Crypto.TestSupport;
using Crypto.TradeModel.Times;
using Crypto.Warehouse.Snowflake;
using Crypto.Warehouse.Snowflake.Keys;
using Crypto.Warehouse.Snowflake.Sql;

namespace Crypto.Warehouse.Tests.Snowflake.Sql;

/// <summary>Replies of the SQL interface that end a statement, and how often each request goes out.</summary>
[TestClass]
public sealed class SqlApiFailureTests
{
    private static readonly string Pem = TestAccount.NewPem();

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    [DataRow(422, "000904", SnowflakeFault.Statement, "HTTP 422", 1)]
    [DataRow(408, "000630", SnowflakeFault.Statement, "HTTP 408", 1)]
    [DataRow(422, "002003", SnowflakeFault.ObjectMissing, "trade-ingest migrate --target snowflake", 1)]
    [DataRow(422, "003001", SnowflakeFault.Forbidden, "GRANT SELECT ON TABLE DB.S.FACT_TRADES TO ROLE R;", 1)]
    [DataRow(422, "390189", SnowflakeFault.Forbidden, "GRANT ROLE R TO USER", 1)]
    [DataRow(200, "391908", SnowflakeFault.Statement, "391908", 1)]
    [DataRow(400, "390142", SnowflakeFault.Refused, "HTTP 400", 1)]
    [DataRow(405, "", SnowflakeFault.Refused, "HTTP 405", 1)]
    [DataRow(415, "", SnowflakeFault.Refused, "HTTP 415", 1)]
    [DataRow(401, "390144", SnowflakeFault.Unauthorized, "trade-ingest check --target snowflake", 2)]
    [DataRow(401, "390318", SnowflakeFault.Unauthorized, "RSA_PUBLIC_KEY_FP", 2)]
    [DataRow(403, "", SnowflakeFault.Forbidden, "network policy", 1)]
    [DataRow(429, "390505", SnowflakeFault.Unreachable, "does not answer", 3)]
    [DataRow(500, "", SnowflakeFault.Unreachable, "does not answer", 3)]
    [DataRow(502, "", SnowflakeFault.Unreachable, "does not answer", 3)]
    [DataRow(503, "", SnowflakeFault.Unreachable, "does not answer", 3)]
    [DataRow(504, "", SnowflakeFault.Unreachable, "does not answer", 3)]
    public async Task ExecuteAsync_EveryReplyThatStays_IsRepeatedAsOftenAsItMay(
        int status, string code, SnowflakeFault fault, string said, int requests)
    {
        using var handler = new SameAnswer(
            status, $$"""{"code":"{{code}}","message":"words about 'FACT_TRADES'.","statementHandle":"h"}""");
        using var keys = new KeyPairTokens("myorg-account1", "TS_SVC", new FixedKey(Pem), TimeProvider.System);
        await using var sql = new SqlApiClient(
            new SqlApiOptions
            {
                AccountUrl = "https://myorg-account1.snowflakecomputing.com",
                Database = "DB",
                Schema = "S",
                Role = "R",
                Backoff = new BackoffOptions(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), 3),
            },
            keys, TimeProvider.System, handler);

        var failure = await Assert.ThrowsExactlyAsync<SnowflakeException>(
            () => sql.ExecuteAsync("SELECT 1", [], TestContext.CancellationToken));

        Assert.AreEqual((fault, fault == SnowflakeFault.Unreachable), (failure.Fault, failure.IsTransient));
        Assert.Contains(said, failure.Message);
        Assert.HasCount(requests, handler.Requests);

        // Repeated with the id of the first request, and saying so: then it is not executed twice.
        Assert.HasCount(
            1, handler.Requests.Select(uri => uri.Split("requestId=")[1].Split('&')[0]).Distinct(StringComparer.Ordinal).ToArray());
        Assert.IsTrue(handler.Requests.Skip(1).All(uri => uri.EndsWith("&retry=true", StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task ExecuteAsync_ServerSaysWhenToComeBack_AsksNoSooner()
    {
        var clock = new ManualTimeProvider();
        using var handler = new SameAnswer(429, "{}", retryAfter: "90");
        using var keys = new KeyPairTokens("myorg-account1", "TS_SVC", new FixedKey(Pem), clock);
        await using var sql = new SqlApiClient(
            new SqlApiOptions { AccountUrl = "https://myorg-account1.snowflakecomputing.com" }, keys, clock, handler);

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(TestContext.CancellationToken);
        var asking = sql.ExecuteAsync("SELECT 1", [], stopping.Token);
        Assert.AreEqual(TimeSpan.FromSeconds(90), clock.NextDue);

        await stopping.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => asking);
        Assert.HasCount(1, handler.Requests);
    }

    private sealed class SameAnswer(int status, string body, string? retryAfter = null) : HttpMessageHandler
    {
        public List<string> Requests { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add(request.RequestUri!.ToString());
            var response = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(body, Encoding.UTF8, "application/json"),
            };
            if (retryAfter is not null) response.Headers.Add("Retry-After", retryAfter);
            return Task.FromResult(response);
        }
    }
}
