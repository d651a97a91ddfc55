using System.Reflection;

namespace Crypto.EndToEnd.Tests.Architecture;

/// <summary>
/// A signature has at most seven parameters: what belongs together is a type with a name. Records are such types, however wide.
/// </summary>
[TestClass]
public sealed class SignatureTests
{
    private const int Most = 7;

    [TestMethod]
    public void Signatures_OfMethodsConstructorsAndDelegates_HaveSevenParametersAtMost()
    {
        var signatures = Source.Types
            .Where(type => !IsRecord(type))
            .SelectMany(type => type.GetMembers(Source.Declared))
            .OfType<MethodBase>()
            .Where(method => !Source.IsGenerated(method) && !IsCallback(method))
            .ToList();

        Assert.IsGreaterThan(1000, signatures.Count, "The scan finds the source's methods.");
        var longer = signatures
            .Where(method => method.GetParameters().Length > Most)
            .Select(method => $"{method.DeclaringType}.{method.Name}: {method.GetParameters().Length}");
        Assert.IsEmpty(longer, string.Join(Environment.NewLine, longer));
    }

    private static bool IsRecord(Type type) => type.GetMethod("PrintMembers", Source.Declared) is not null;

    // The compiler adds two parameters to a delegate's BeginInvoke.
    private static bool IsCallback(MethodBase method) =>
        method.Name == "BeginInvoke" && typeof(Delegate).IsAssignableFrom(method.DeclaringType);
}
