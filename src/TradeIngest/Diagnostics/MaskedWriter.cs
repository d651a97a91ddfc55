using System.Text;

namespace Crypto.TradeIngest.Diagnostics;

/// <summary>Passes text on without secrets. A secret is found within one call; loggers and messages write theirs in one.</summary>
internal sealed class MaskedWriter(TextWriter inner) : TextWriter
{
    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => inner.Write(value);

    public override void Write(char[] buffer, int index, int count) => inner.Write(Secrets.Mask(new string(buffer, index, count)));

    public override void Write(ReadOnlySpan<char> buffer) => inner.Write(Secrets.Mask(new string(buffer)));

    public override void Write(string? value)
    {
        if (value is not null) inner.Write(Secrets.Mask(value));
    }

    public override void Flush() => inner.Flush();
}
