namespace Crypto.TradeIngest.Hosting;

/// <summary>Small files that other processes read while they are written.</summary>
internal static class AtomicFile
{
    /// <summary>A reader sees the old or the new content, also after a loss of power.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var draft = path + ".new";
        using (var file = new FileStream(draft, FileMode.Create, FileAccess.Write))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, path, overwrite: true);
    }
}
