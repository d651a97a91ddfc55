using System.Collections;
using System.Data.Common;
using Crypto.SnowflakeEmulator.Sql;
using Crypto.TradeModel.Numbers;

namespace Snowflake.Data.Client;

/// <summary>
/// Rows with the types the provider gives: whole numbers as narrow as Arrow carries them, other numbers as <see cref="decimal"/>,
/// timestamps without a zone as <see cref="DateTime"/>.
/// </summary>
internal sealed class SnowflakeDbDataReader(SqlOutcome outcome) : DbDataReader
{
    private int _row = -1;

    public override int Depth => 0;

    public override int FieldCount => outcome.Columns.Count;

    public override bool HasRows => outcome.Rows.Count > 0;

    public override bool IsClosed => false;

    public override int RecordsAffected => outcome.Affected;

    public override object this[int ordinal] => GetValue(ordinal);

    public override object this[string name] => GetValue(GetOrdinal(name));

    public override bool Read() => ++_row < outcome.Rows.Count;

    public override bool NextResult() => false;

    public override string GetName(int ordinal) => outcome.Columns[ordinal].Name;

    public override string GetDataTypeName(int ordinal) => SqlOutcome.WireType(outcome.Columns[ordinal].Type).Type.ToUpperInvariant();

    public override bool IsDBNull(int ordinal) => outcome.Rows[_row][ordinal] is null;

    public override object GetValue(int ordinal) => (outcome.Rows[_row][ordinal], outcome.Columns[ordinal].Type) switch
    {
        (null, _) => DBNull.Value,
        (long number, "NUMBER_D8") => Decimal(number),
        (long number, "BOOLEAN") => number != 0,
        (long number, "TIMESTAMP_NTZ") =>
            DateTime.SpecifyKind(DateTime.UnixEpoch.AddTicks(number * TimeSpan.TicksPerMicrosecond), DateTimeKind.Unspecified),
        (long number and >= sbyte.MinValue and <= sbyte.MaxValue, _) => (sbyte)number,
        (long number and >= short.MinValue and <= short.MaxValue, _) => (short)number,
        (long number and >= int.MinValue and <= int.MaxValue, _) => (int)number,
        var (value, _) => value,
    };

    public override int GetOrdinal(string name) =>
        Enumerable.Range(0, FieldCount).First(ordinal => GetName(ordinal).Equals(name, StringComparison.OrdinalIgnoreCase));

    public override int GetValues(object[] values)
    {
        for (var i = 0; i < FieldCount; i++) values[i] = GetValue(i);
        return FieldCount;
    }

    public override Type GetFieldType(int ordinal) => GetValue(ordinal).GetType();

    public override IEnumerator GetEnumerator() => new DbEnumerator(this);

    public override bool GetBoolean(int ordinal) => (bool)GetValue(ordinal);

    public override byte GetByte(int ordinal) => throw new NotSupportedException();

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override char GetChar(int ordinal) => throw new NotSupportedException();

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        throw new NotSupportedException();

    public override DateTime GetDateTime(int ordinal) => (DateTime)GetValue(ordinal);

    public override decimal GetDecimal(int ordinal) => (decimal)GetValue(ordinal);

    public override double GetDouble(int ordinal) => (double)GetValue(ordinal);

    public override float GetFloat(int ordinal) => throw new NotSupportedException();

    public override Guid GetGuid(int ordinal) => throw new NotSupportedException();

    public override short GetInt16(int ordinal) => checked((short)GetInt64(ordinal));

    public override int GetInt32(int ordinal) => checked((int)GetInt64(ordinal));

    public override long GetInt64(int ordinal) => Convert.ToInt64(GetValue(ordinal), System.Globalization.CultureInfo.InvariantCulture);

    public override string GetString(int ordinal) => (string)GetValue(ordinal);

    private static decimal Decimal(long scaled)
    {
        var digits = (UInt128)Int128.Abs(scaled);
        return new decimal((int)(uint)digits, (int)(uint)(digits >> 32), 0, scaled < 0, FixedPoint.Decimals);
    }
}
