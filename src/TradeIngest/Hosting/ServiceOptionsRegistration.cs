using Crypto.TradeIngest.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Crypto.TradeIngest.Hosting;

/// <summary>Hands the options that were read to a host, whose services take them as <see cref="IOptions{TOptions}"/>.</summary>
internal static class ServiceOptionsRegistration
{
    /// <summary>Registers the options and each section. The host refuses to start with options that have a fault.</summary>
    public static IServiceCollection AddServiceOptions(this IServiceCollection services, ServiceOptions options)
    {
        services.AddSingleton<IValidateOptions<ServiceOptions>, RangesAndRules>();
        services.AddOptions<ServiceOptions>().ValidateOnStart();
        return services
            .AddGiven(options)
            .AddGiven(options.Backfill)
            .AddGiven(options.Exchange)
            .AddGiven(options.Exchange.Stream)
            .AddGiven(options.Exchange.Channel)
            .AddGiven(options.Exchange.Channel.DeadLetters)
            .AddGiven(options.Exchange.Backfill)
            .AddGiven(options.Exchange.Backfill.Tails)
            .AddGiven(options.Exchange.Clock)
            .AddGiven(options.Reference)
            .AddGiven(options.Log)
            .AddGiven(options.Kafka)
            .AddGiven(options.Warehouse)
            .AddGiven(options.Snowflake)
            .AddGiven(options.Health);
    }

    private static IServiceCollection AddGiven<T>(this IServiceCollection services, T options)
        where T : class => services
        .AddSingleton(options)
        .AddSingleton<IOptionsFactory<T>>(provider => new GivenOptions<T>(options, provider.GetServices<IValidateOptions<T>>()))
        .AddOptions();

    /// <summary>Options that are read already, in place of ones that the host would make.</summary>
    private sealed class GivenOptions<T>(T options, IEnumerable<IValidateOptions<T>> validations) : OptionsFactory<T>([], [], validations)
        where T : class
    {
        protected override T CreateInstance(string name) => options;
    }

    private sealed class RangesAndRules : IValidateOptions<ServiceOptions>
    {
        public ValidateOptionsResult Validate(string? name, ServiceOptions options)
        {
            var faults = OptionTree.FaultsOf(options).Select(fault => fault.ToString()).ToList();
            return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
        }
    }
}
