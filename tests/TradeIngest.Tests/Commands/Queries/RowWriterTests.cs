using System.Text;
using System.Text.Json;
using Crypto.TradeIngest.Commands.Queries;

namespace Crypto.TradeIngest.Tests.Commands.Queries;

[TestClass]
public sealed class RowWriterTests
{
    private const int Wide = 1000;

    private static readonly string[] Columns = ["id", "name"];

    [TestMethod]
    public void Table_FewRows_AlignsThemAndCountsThem()
    {
        var text = Write(QueryFormat.Table, Columns, Wide, [1L, "币安"], [20L, null], [3.5, "a"]);

        Assert.AreEqual(
            """
            ╭─────┬──────╮
            │  id │ name │
            ├─────┼──────┤
            │   1 │ 币安 │
            │  20 │      │
            │ 3.5 │ a    │
            ╰─────┴──────╯
            3 rows

            """.ReplaceLineEndings("\n"),
            text);
    }

    [TestMethod]
    public void Table_LongerThanTheSample_TakesSeveralLinesOfItsCell()
    {
        var rows = Enumerable.Range(0, 600).Select(i => new object?[] { (long)i, i == 599 ? "abcdefghij" : "abcd" }).ToArray();

        var lines = Write(QueryFormat.Table, Columns, Wide, rows).Split('\n');

        CollectionAssert.AreEqual(new[] { "│ 599 │ abcd │", "│     │ efgh │", "│     │ ij   │" }, lines[602..605]);
    }

    [TestMethod]
    public void Table_NarrowTerminal_LetsTheWidestColumnGiveWay()
    {
        var lines = Write(QueryFormat.Table, Columns, 30, [1L, new string('x', 50)]).Split('\n');

        Assert.AreEqual(30, lines[0].Length);
        Assert.AreEqual(50, lines.Sum(line => line.Count(character => character == 'x')));
    }

    [TestMethod]
    public void Table_MoreColumnsThanATerminalShows_KeepsThemWhole()
    {
        string[] columns = [.. Enumerable.Range(0, 20).Select(i => $"column {i:00}")];

        var lines = Write(QueryFormat.Table, columns, 80, [.. columns.Select(name => (object?)(name + " and more"))]).Split('\n');

        StringAssert.Contains(lines[3], "│ column 19 and more │");
    }

    [TestMethod]
    public void Table_ControlCharacters_ShowAndDoNotAct()
    {
        var text = Write(QueryFormat.Table, Columns, Wide, [1L, "\e[31mred\n\u0085"]);

        StringAssert.Contains(text, "│ ␛[31mred␊\uFFFD │");
    }

    [TestMethod]
    [DataRow(QueryFormat.Table)]
    [DataRow(QueryFormat.Json)]
    [DataRow(QueryFormat.Ndjson)]
    [DataRow(QueryFormat.Csv)]
    public void Write_ManyWideRows_HoldsFewOfThem(object format)
    {
        const int Rows = 2000;
        var cell = new string('x', 10_000);
        using var output = new CountingStream();
        using var writer = RowWriter.Create((QueryFormat)format, Columns, output, Wide);
        long mostHeld = 0;
        for (var i = 1; i <= Rows; i++)
        {
            writer.Write([(long)i, cell]);
            mostHeld = Math.Max(mostHeld, (i * (long)cell.Length) - output.Length);
        }

        writer.Complete();
        Assert.IsLessThan(2 << 20, mostHeld);
        Assert.IsGreaterThan((long)Rows * cell.Length, output.Length);
    }

    [TestMethod]
    public void Csv_WhateverTheText_ReadsBackAndTellsNullFromEmpty()
    {
        var text = Write(
            QueryFormat.Csv, ["a", "b,c"], Wide, ["plain", "x,y"], ["say \"hi\"", "two\nlines"], [null, ""], [" padded ", 1e300]);

        Assert.AreEqual("a,\"b,c\"\nplain,\"x,y\"\n\"say \"\"hi\"\"\",\"two\nlines\"\n,\"\"\n\" padded \",1E+300\n", text);
    }

    [TestMethod]
    public void Json_EveryKindOfValue_KeepsIt()
    {
        var rows = JsonDocument.Parse(Write(
            QueryFormat.Json, ["a", "a", "a_2", "b"], Wide, [1L, 2.5, "x", null],
            [true, new byte[] { 0, 255 }, "币", double.PositiveInfinity])).RootElement;

        Assert.AreEqual("""{"a":1,"a_2":2.5,"a_2_2":"x","b":null}""", JsonSerializer.Serialize(rows[0]));
        Assert.AreEqual("AP8=", rows[1].GetProperty("a_2").GetString());
        Assert.IsTrue(rows[1].GetProperty("a").GetBoolean());
        Assert.AreEqual("币", rows[1].GetProperty("a_2_2").GetString());
    }

    [TestMethod]
    public void Json_NoRows_IsAnEmptyArray() => Assert.AreEqual("[]\n", Write(QueryFormat.Json, Columns, Wide));

    [TestMethod]
    public void Ndjson_SeveralRows_AreALineEach()
    {
        var text = Write(QueryFormat.Ndjson, Columns, Wide, [1L, "a\nb"], [2L, null]);

        Assert.AreEqual("{\"id\":1,\"name\":\"a\\nb\"}\n{\"id\":2,\"name\":null}\n", text);
    }

    private static string Write(QueryFormat format, string[] columns, int width, params object?[][] rows)
    {
        using var output = new MemoryStream();
        using (var writer = RowWriter.Create(format, columns, output, width))
        {
            foreach (var row in rows) writer.Write(row);
            writer.Complete();
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Takes everything and keeps its length only.</summary>
    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position { get => _length; set => throw new NotSupportedException(); }

        public override void Flush()
        {
            // Nothing is held.
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => _length += count;
    }
}
