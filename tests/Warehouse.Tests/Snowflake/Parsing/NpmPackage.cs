using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Crypto.Warehouse.Tests.Snowflake.Parsing;

/// <summary>A package as a <c>package-lock.json</c> pins it, installed without npm, which brings 400 packages on Debian.</summary>
internal sealed record NpmPackage(string Name, string Version, string Integrity)
{
    private const int Attempts = 3;

    // The registry's name for the archive leaves the scope out: @scope/name is name-1.0.0.tgz.
    private string Archive => $"{Name.Split('/')[^1]}-{Version}.tgz";

    public static NpmPackage Pinned(string lockFile, string name)
    {
        using var pins = JsonDocument.Parse(File.ReadAllBytes(lockFile));
        var pin = pins.RootElement.GetProperty("packages").GetProperty($"node_modules/{name}");
        return new NpmPackage(name, pin.GetProperty("version").GetString()!, pin.GetProperty("integrity").GetString()!);
    }

    /// <summary>Unpacks it under <c>node_modules</c> of a folder, fetching it where the cache does not hold it.</summary>
    /// <exception cref="InvalidOperationException">The registry does not serve it, or what it serves is not what is pinned.</exception>
    public async Task InstallAsync(NpmConfiguration configuration, string cache, string folder, CancellationToken cancellationToken)
    {
        var archive = Path.Combine(cache, Archive);
        if (!File.Exists(archive) || IntegrityOf(await File.ReadAllBytesAsync(archive, cancellationToken)) != Integrity)
        {
            var fetched = await FetchAsync(configuration, cancellationToken);
            Directory.CreateDirectory(cache);
            await File.WriteAllBytesAsync(archive, fetched, cancellationToken);
        }

        var target = Path.Combine(folder, "node_modules", Name);
        var unpacked = Directory.CreateDirectory(Path.Combine(folder, "unpacked"));
        await using (var packed = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
        {
            await TarFile.ExtractToDirectoryAsync(packed, unpacked.FullName, overwriteFiles: false, cancellationToken);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Directory.Move(Path.Combine(unpacked.FullName, "package"), target);
    }

    private static string IntegrityOf(byte[] archive) => $"sha512-{Convert.ToBase64String(SHA512.HashData(archive))}";

    private async Task<byte[]> FetchAsync(NpmConfiguration configuration, CancellationToken cancellationToken)
    {
        var registry = configuration.RegistryOf(Name);
        var address = new Uri(registry, $"{Name}/-/{Archive}");
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = configuration.CredentialsFor(registry);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var fetched = await http.GetByteArrayAsync(address, cancellationToken);
                if (IntegrityOf(fetched) == Integrity) return fetched;
                throw new InvalidOperationException($"{address} is not what is pinned: {IntegrityOf(fetched)} instead of {Integrity}.");
            }
            catch (HttpRequestException failure)
            {
                if (attempt < Attempts && failure.StatusCode is null or >= HttpStatusCode.InternalServerError) continue;
                throw new InvalidOperationException(
                    $"{address} could not be fetched: {failure.Message} "
                    + "Another registry is set as for npm: registry=… in ~/.npmrc, or npm_config_registry.",
                    failure);
            }
        }
    }
}
