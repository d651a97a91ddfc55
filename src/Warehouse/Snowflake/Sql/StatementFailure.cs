using System.Text.RegularExpressions;
using Crypto.Warehouse.Snowflake.Migrating;

namespace Crypto.Warehouse.Snowflake.Sql;

/// <summary>Snowflake's codes of what failed, whichever way they came, in the terms an operator acts on.</summary>
/// <param name="Role">As which the statement ran.</param>
internal sealed partial record StatementFailure(string? Role, string? Database, string? Schema)
{
    /// <param name="code">Six digits; empty where there was none.</param>
    /// <param name="said">Snowflake's own words. They name the object.</param>
    public SnowflakeException Of(string code, string said, Exception? cause = null) => code switch
    {
        // Snowflake says the same of what does not exist and of what the role may not see. The third is of procedures.
        "002003" or "002043" or "002140" => new SnowflakeException(
            SnowflakeFault.ObjectMissing,
            $"{said} If it does not exist, run 'trade-ingest migrate --target snowflake'. If it does, {Grant(said)}", cause, code),
        "003001" => new SnowflakeException(SnowflakeFault.Forbidden, $"{said} {Grant(said)}", cause, code),
        "390186" or "390189" =>
            new SnowflakeException(
                SnowflakeFault.Forbidden, $"{said} Run GRANT ROLE {Role} TO USER <the user> as an administrator.", cause, code),
        _ => new SnowflakeException(SnowflakeFault.Statement, said, cause, code),
    };

    // Statements of the service read tables and views and call procedures; nothing else is granted to its roles.
    private string Grant(string said)
    {
        var named = Word().Matches(said).Select(word => word.Value);
        var granted = Granted().Matches(SqlScript.All(new ObjectNames()).Single(script => script.Name == SqlScript.Grants).Text);
        return granted.FirstOrDefault(
            grant => named.Contains(grant.Groups["name"].Value, StringComparer.OrdinalIgnoreCase)) is not { } found
            ? $"grant role {Role} what 'trade-ingest migrate --print-bootstrap' lists on {Database}.{Schema}."
            : $"run, as its owner: GRANT {(found.Groups["kind"].Value == "PROCEDURE" ? "USAGE" : "SELECT")} ON "
                + $"{found.Groups["kind"].Value} "
                + $"{Database}.{Schema}.{found.Groups["name"].Value}{found.Groups["arguments"].Value} TO ROLE {Role};";
    }

    [GeneratedRegex(@"\w+", RegexOptions.None, 1000)]
    private static partial Regex Word();

    [GeneratedRegex(@" ON (?<kind>TABLE|VIEW|PROCEDURE) (?<name>\w+)(?<arguments>\(\w*\))? TO ROLE", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Granted();
}
