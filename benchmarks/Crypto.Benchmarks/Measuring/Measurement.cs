namespace Crypto.Benchmarks.Measuring;

/// <summary>What was measured of one question.</summary>
/// <param name="Variants">The candidate first.</param>
internal sealed record Measurement(string Question, IReadOnlyList<VariantMeasurement> Variants)
{
    public VariantMeasurement Candidate => Variants[0];

    public IEnumerable<VariantMeasurement> Baselines => Variants.Skip(1);
}

/// <param name="Ratio">How many times the candidate's time: the median over the rounds, each of which runs all variants in turn.</param>
/// <param name="Nanoseconds">Per operation, median.</param>
/// <param name="Bytes">Allocated per operation, the least of several runs.</param>
internal sealed record VariantMeasurement(string Name, double Ratio, double Nanoseconds, double Bytes);
