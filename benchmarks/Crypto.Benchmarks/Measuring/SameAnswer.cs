using System.Reflection;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Validators;

namespace Crypto.Benchmarks.Measuring;

/// <summary>
/// All ways of a question give the same answer, or nothing is measured. BenchmarkDotNet's own <see cref="ReturnValueValidator"/> leaves the
/// setup of iterations out, without which a store is not open.
/// </summary>
internal sealed class SameAnswer() : ExecutionValidatorBase(failOnError: true)
{
    protected override void ExecuteBenchmarks(
        object benchmarkTypeInstance, IEnumerable<BenchmarkCase> benchmarks, List<ValidationError> errors)
    {
        try
        {
            var answers = benchmarks.Select(
                way => (way.Descriptor.WorkloadMethod.Name, Answer: AnswerOf(way.Descriptor, benchmarkTypeInstance))).ToList();
            if (answers.DistinctBy(way => way.Answer).Count() == 1) return;
            errors.Add(new ValidationError(isCritical: true, "the answers differ: "
                + $"{string.Join(", ", answers.Select(way => $"{way.Name} {way.Answer}"))}"));
        }
        catch (TargetInvocationException failed)
        {
            errors.Add(new ValidationError(isCritical: true, $"{failed.InnerException}"));
        }
    }

    private static object? AnswerOf(Descriptor way, object instance)
    {
        way.IterationSetupMethod?.Invoke(instance, null);
        var answer = way.WorkloadMethod.Invoke(instance, null);
        way.IterationCleanupMethod?.Invoke(instance, null);
        return answer;
    }
}
