using Crypto.TradeIngest.Configuration;
using Crypto.TradeIngest.Hosting;

namespace Crypto.TradeIngest.Tests.Configuration;

[TestClass]
public sealed class ConfiguredOptionsTests
{
    [TestMethod]
    [DataRow("Warehouse__Traget", "did you mean CRYPTO__Warehouse__Target?")]
    [DataRow("Wearhouse__Target", "did you mean CRYPTO__Warehouse__Target?")]
    [DataRow("Target", "did you mean CRYPTO__Warehouse__Target?")]
    [DataRow("Exchange__Chanel__Trades", "did you mean CRYPTO__Exchange__Channel__Trades?")]
    [DataRow("Exchange__QuietAfter", "did you mean CRYPTO__Exchange__Stream__QuietAfter?")]
    [DataRow("DrainTimeouts", "did you mean CRYPTO__DrainTimeout?")]
    [DataRow("Kafka__Setings__SASL_PASSWORD", "did you mean CRYPTO__Kafka__Settings__SASL_PASSWORD?")]
    [DataRow("Kafka__SASL_PASSWORD", "trade-ingest config show lists them all")]
    [DataRow("Verbosity__Of__Everything", "trade-ingest config show lists them all")]
    public void Of_UnknownVariable_NamesItAndTheNearest(string name, string advice) =>
        Assert.AreEqual($"CRYPTO__{name}: there is no such option; {advice}", Faults(Variable(name, "hunter22")).Single());

    [TestMethod]
    public void Of_UnknownKeyInTheFile_NamesTheFile()
    {
        var given = new GivenText("Warehouse:Traget", "x", ConfigurationSources.FileName, "'/etc/appsettings.json', Warehouse:Traget");

        Assert.AreEqual(
            "'/etc/appsettings.json', Warehouse:Traget: there is no such option; did you mean Warehouse:Target?", Faults(given).Single());
    }

    [TestMethod]
    [DataRow("Exchange", "CRYPTO__Exchange: Exchange is a section and takes no value by itself")]
    [DataRow("Exchange__Symbols__0", "CRYPTO__Exchange__Symbols__0: Exchange:Symbols takes one value, none beneath it")]
    [DataRow("Kafka__Settings", "Kafka:Settings: takes keys with values of their own, none by itself (from CRYPTO__Kafka__Settings)")]
    public void Of_KeyThatTakesNoValue_IsRefused(string name, string fault) => Assert.AreEqual(fault, Faults(Variable(name, "x")).Single());

    [TestMethod]
    [DataRow("Exchange__Stream__Endpoint")]
    [DataRow("Exchange__Stream__DeadLetterBytes")]
    public void Of_WhatOtherOptionsState_IsNoOptionOfItsOwn(string name) =>
        Assert.StartsWith($"CRYPTO__{name}: there is no such option", Faults(Variable(name, "300")).Single());

    [TestMethod]
    public void Of_CaseOfKeys_DoesNotMatter()
    {
        var configured = ConfiguredOptions<ServiceOptions>.Of(
            [Variable("exchange__CHANNEL__batches", "7"), Variable("kafka__settings__CLIENT_RACK", "a")]);

        Assert.IsEmpty(configured.Faults);
        Assert.AreEqual(7, configured.Options.Exchange.Channel.Batches);
        Assert.AreEqual("a", configured.Options.Kafka.Settings["client_rack"]);
    }

    [TestMethod]
    public void Of_OneOptionInTwoSpellings_IsRefused() => Assert.AreEqual(
        "CRYPTO__data and CRYPTO__Data set the same option; remove one", Faults(Variable("Data", "a"), Variable("data", "b")).Single());

    [TestMethod]
    public void Of_LaterSources_OverrideEarlierOnes()
    {
        var configured = ConfiguredOptions<ServiceOptions>.Of(
            [
                new("Data", "file", ConfigurationSources.FileName, "x"),
                Variable("Data", "variable"),
                new("Data", "line", ConfigurationSources.CommandLine, "Data"),
            ]);

        Assert.AreEqual("line", configured.Options.Data);
        Assert.AreEqual(ConfigurationSources.CommandLine, configured.Origins["Data"].Source);
    }

    [TestMethod]
    public void Of_NullInTheFile_KeepsTheDefault() =>
        Assert.AreEqual(
            "./data", ConfiguredOptions<ServiceOptions>.Of([new("Data", null, ConfigurationSources.FileName, "x")]).Options.Data);

    [TestMethod]
    public void Of_NestedOptionOfACopiedSection_IsKept()
    {
        var options = ConfiguredOptions<ServiceOptions>.Of(
            [
                Variable("Exchange__Stream__QuietAfter", "infinite"),
                Variable("Exchange__WebSocket", "ws://127.0.0.1:1"),
                Variable("Exchange__Channel__DeadLetters__PayloadBytes", "1KiB"),
            ]).Options;

        Assert.AreEqual(Timeout.InfiniteTimeSpan, options.Exchange.Stream.QuietAfter);
        Assert.AreEqual(new Uri("ws://127.0.0.1:1"), options.Exchange.Stream.Endpoint);
        Assert.AreEqual(1024, options.Exchange.Stream.DeadLetterBytes);
    }

    [TestMethod]
    public void Rows_OfEachSource_NameItAndShowNoSecret()
    {
        var rows = OptionTable.Rows(ConfiguredOptions<ServiceOptions>.Of(
            [
                new("Log:Kind", "kafka", ConfigurationSources.FileName, "x"), Variable("Kafka__BootstrapServers", "user:hunter22@broker:1"),
                Variable(
                    "Kafka__Settings__SASL_PASSWORD", "abc"), Variable("Kafka__Settings__CLIENT_RACK", "a"), Variable("DrainTimeout",
                    "00:01:30"),
            ])).ToDictionary(row => row.Key);

        Assert.AreEqual(
            ("Kafka", "Embedded", ConfigurationSources.FileName),
            (rows["Log:Kind"].Value, rows["Log:Kind"].Default, rows["Log:Kind"].Source));
        Assert.AreEqual(
            ("90s", "20s", "CRYPTO__DrainTimeout"), (
                rows["DrainTimeout"].Value, rows["DrainTimeout"].Default, rows["DrainTimeout"].Source));
        Assert.AreEqual("***", rows["Kafka:Settings:SASL_PASSWORD"].Value);
        Assert.AreEqual("a", rows["Kafka:Settings:CLIENT_RACK"].Value);
        Assert.AreEqual(("default", "CRYPTO__Exchange__Rest"), (rows["Exchange:Rest"].Source, rows["Exchange:Rest"].Environment));
        Assert.IsFalse(rows.Values.Any(row => row.Value.Contains("hunter22", StringComparison.Ordinal)));
    }

    private static GivenText Variable(string name, string text) =>
        new(name.Replace("__", ":", StringComparison.Ordinal), text, "CRYPTO__" + name, "CRYPTO__" + name);

    private static IReadOnlyList<string> Faults(params GivenText[] given) => ConfiguredOptions<ServiceOptions>.Of(given).Faults;
}
