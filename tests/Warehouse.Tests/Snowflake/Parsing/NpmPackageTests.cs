using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using Crypto.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Crypto.Warehouse.Tests.Snowflake.Parsing;

/// <summary>Against a registry on this machine that wants a token.</summary>
[TestClass]
public sealed class NpmPackageTests : IDisposable
{
    private const string Archive = "/npm/@scope/parser/-/parser-1.2.3.tgz";
    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _packed = Pack();

    public TestContext TestContext { get; set; } = null!;

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public async Task InstallAsync_RegistryOfTheScopeInNpmrc_IsAskedOnceWithItsToken()
    {
        await using var registry = await StartAsync();
        var configuration = Configure(registry.Urls.First());
        foreach (var target in new[] { "first", "second" })
        {
            await Package(_packed).InstallAsync(configuration, _folder["cache"], _folder[target], TestContext.CancellationToken);
            await registry.StopAsync(TestContext.CancellationToken);

            var installed = Path.Combine(_folder[target], "node_modules", "@scope", "parser", "index.js");
            Assert.AreEqual("export {}", await File.ReadAllTextAsync(installed));
        }
    }

    [TestMethod]
    public async Task InstallAsync_CacheTornAndRegistryServesSomethingElse_IsRefusedAndNotUnpacked()
    {
        await using var registry = await StartAsync();
        Directory.CreateDirectory(_folder["cache"]);
        await File.WriteAllBytesAsync(Path.Combine(_folder["cache"], "parser-1.2.3.tgz"), _packed[..20]);

        var failure = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Package([1, 2, 3])
            .InstallAsync(Configure(registry.Urls.First()), _folder["cache"], _folder["target"], TestContext.CancellationToken));

        Assert.Contains("is not what is pinned", failure.Message);
        Assert.IsFalse(Directory.Exists(_folder["target"]));
    }

    [TestMethod]
    public async Task InstallAsync_WithoutTheToken_SaysWhereTheRegistryIsSet()
    {
        await using var registry = await StartAsync();
        var environment = new Dictionary<string, string> { ["NPM_CONFIG_REGISTRY"] = $"{registry.Urls.First()}/npm" };
        var configuration = new NpmConfiguration(environment, _folder.FullName);

        var failure = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => Package(_packed)
            .InstallAsync(configuration, _folder["cache"], _folder["target"], TestContext.CancellationToken));

        Assert.Contains(Archive, failure.Message);
        Assert.Contains("401", failure.Message);
        Assert.Contains("~/.npmrc", failure.Message);
    }

    private static NpmPackage Package(byte[] archive) =>
        new("@scope/parser", "1.2.3", $"sha512-{Convert.ToBase64String(SHA512.HashData(archive))}");

    private static byte[] Pack()
    {
        using var packed = new MemoryStream();
        using (var compressed = new GZipStream(packed, CompressionLevel.Fastest))
        using (var tar = new TarWriter(compressed))
        {
            using var content = new MemoryStream("export {}"u8.ToArray());
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "package/index.js") { DataStream = content });
        }

        return packed.ToArray();
    }

    private NpmConfiguration Configure(string registry)
    {
        File.WriteAllText(_folder[".npmrc"], $$"""
            ; the public one is out of reach
            registry = http://127.0.0.1:1
            @scope:registry={{registry}}/npm
            //{{new Uri(registry).Authority}}/:_authToken="${REGISTRY_TOKEN}"
            """);
        return new NpmConfiguration(new Dictionary<string, string> { ["REGISTRY_TOKEN"] = "secret-7" }, _folder.FullName);
    }

    private async Task<WebApplication> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var registry = builder.Build();
        registry.Urls.Add("http://127.0.0.1:0");
        registry.MapGet(Archive, (HttpRequest request) =>
            request.Headers.Authorization == "Bearer secret-7" ? Results.Bytes(_packed) : Results.Unauthorized());
        await registry.StartAsync(TestContext.CancellationToken);
        return registry;
    }
}
