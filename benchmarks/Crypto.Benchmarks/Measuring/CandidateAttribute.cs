namespace Crypto.Benchmarks.Measuring;

/// <summary>Marks the product's own way. Every other benchmark of the class is what a user would choose otherwise.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CandidateAttribute : Attribute;
