namespace Crypto.Benchmarks.Measuring;

/// <summary>How much the large questions measure: all of it for the committed results, a sample for the gate.</summary>
internal static class Scale
{
    /// <summary>Set before any benchmark is made. Default false.</summary>
    public static bool IsQuick { get; set; }

    public static int Of(int full, int quick) => IsQuick ? quick : full;
}
