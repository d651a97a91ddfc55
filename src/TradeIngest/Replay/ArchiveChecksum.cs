using System.Security.Cryptography;

namespace Crypto.TradeIngest.Replay;

/// <summary>
/// The SHA-256 that the exchange publishes beside each archive file, in <c>NAME.zip.CHECKSUM</c>: hex digits, blanks, the name.
/// </summary>
internal static class ArchiveChecksum
{
    public const string Extension = ".CHECKSUM";

    /// <summary>Checks the file against its checksum file if there is one.</summary>
    /// <exception cref="ReplayFileException">They do not agree, or the checksum file holds no checksum.</exception>
    public static async Task VerifyAsync(string path, CancellationToken cancellationToken)
    {
        var checksumPath = path + Extension;
        if (!File.Exists(checksumPath)) return;

        var expected = (await File.ReadAllTextAsync(checksumPath, cancellationToken))
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (expected is not [{ Length: 64 } hex, ..] || !hex.All(char.IsAsciiHexDigit))
        {
            throw new ReplayFileException(
                $"{checksumPath} does not start with a SHA-256 in hex. Download it again, or remove it to read the file unchecked.");
        }

        await using var file = File.OpenRead(path);
        var actual = Convert.ToHexString(await SHA256.HashDataAsync(file, cancellationToken));
        if (!actual.Equals(hex, StringComparison.OrdinalIgnoreCase))
        {
            throw new ReplayFileException(
                $"{path} is not the file its checksum was made from: SHA-256 {actual}, expected {hex}. Download it again.");
        }
    }
}
