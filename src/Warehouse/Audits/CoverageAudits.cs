using Crypto.Warehouse.Coverage;

namespace Crypto.Warehouse.Audits;

/// <summary>What must hold of coverage and the ledger of gaps, whichever warehouse they stand in.</summary>
internal static class CoverageAudits
{
    public static AuditResult GapsEqualHoles(IReadOnlyList<SymbolCoverage> coverage)
    {
        var tally = new AuditTally(
            "gaps_equal_holes", "the open gaps of a symbol are what its coverage lacks between the lowest and the highest id");
        foreach (var symbol in coverage)
        {
            tally.Examined += symbol.Covered.Count;
            var holes = symbol.Captured.Gaps().ToHashSet();
            foreach (var gap in symbol.OpenGaps)
            {
                if (!holes.Remove(gap.Gap)) tally.Fail($"{symbol.Key.Ticker}: gap {gap.Gap} is no hole");
            }

            foreach (var hole in holes) tally.Fail($"{symbol.Key.Ticker}: hole {hole} stands in no gap");
        }

        return tally.ToResult();
    }
}
