using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;
using Crypto.TradeIngest.Pipelines;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Crypto.TradeIngest.Tests.Hosting;

[TestClass]
public sealed class ServiceOptionsRegistrationTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Host_WithFaultyOptions_DoesNotStartAndNamesEach()
    {
        var options = new ServiceOptions
        {
            DrainTimeout = TimeSpan.Zero,
            Exchange = new() { Symbols = "", Channel = new() { Batches = -5 } },
        };
        using var host = Build(options);

        var refused = await Assert.ThrowsExactlyAsync<OptionsValidationException>(() => host.StartAsync(TestContext.CancellationToken));

        CollectionAssert.AreEqual(
            new[]
            {
                "DrainTimeout: 0s is not within 1ms to 1d",
                "Exchange:Channel:Batches: -5 is not within 1 to 65536",
                "Exchange:Symbols: there is none; set --symbols BTCUSDT,ETHUSDT or ALL",
            },
            refused.Failures.ToArray());
    }

    [TestMethod]
    public async Task Host_WithOptions_HandsOutEachSection()
    {
        var options = new ServiceOptions { Exchange = new() { Channel = new() { Batches = 7 } } };
        using var host = Build(options);
        await host.StartAsync(TestContext.CancellationToken);

        Assert.AreSame(options, host.Services.GetRequiredService<IOptions<ServiceOptions>>().Value);
        Assert.AreEqual(7, host.Services.GetRequiredService<IOptions<TradeChannelOptions>>().Value.Batches);
        Assert.AreSame(options.Exchange.Channel, host.Services.GetRequiredService<TradeChannelOptions>());
        foreach (var section in Sections(typeof(ServiceOptions)))
        {
            Assert.IsNotNull(host.Services.GetService(section), $"{section.Name} is not registered.");
        }

        await host.StopAsync(TestContext.CancellationToken);
    }

    private static IHost Build(ServiceOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddServiceOptions(options);
        return builder.Build();
    }

    private static IEnumerable<Type> Sections(Type type) => type.GetProperties()
        .Where(property => property.CanWrite && property.PropertyType.IsClass && property.PropertyType.Assembly == type.Assembly
            && !property.IsDefined(typeof(DerivedAttribute), inherit: false))
        .SelectMany(property => Sections(property.PropertyType).Prepend(property.PropertyType));
}
