using System.Data.Common;
using System.Globalization;

namespace Snowflake.Data.Client;

/// <summary>Carries Snowflake's number as the provider does; it does not say whether a failure passes.</summary>
public sealed class SnowflakeDbException : DbException
{
    internal const string ConnectionFailure = "08006";

    internal SnowflakeDbException(string sqlState, int code, string message, Exception? cause = null)
        : base(
            string.Create(CultureInfo.InvariantCulture, $"Error: {message} SqlState: {sqlState}, VendorCode: {code}, QueryId: "),
            cause) =>
        (SqlState, ErrorCode) = (sqlState, code);

    public override string SqlState { get; }

    public override int ErrorCode { get; }
}
