using System.Text;
using Crypto.TestSupport;
using Crypto.TradeIngest.Pipelines;
using Crypto.TradeIngest.Streams;
using Crypto.TradeModel.Quality;
using Crypto.TradeModel.Times;
using Crypto.TradeModel.Trades;

namespace Crypto.TradeIngest.Tests.Pipelines;

[TestClass]
public sealed class DeadLetterFloodTests
{
    private readonly ManualTimeProvider _clock = new();

    [TestMethod]
    public void Admits_LettersOfAWindow_UpToTheirNumberAndAgainInTheNext()
    {
        var flood = Open(new DeadLetterOptions { Letters = 3 });

        Assert.AreEqual("1110", Admitted(flood, 4, 10));
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.AreEqual("0", Admitted(flood, 1, 10));
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.AreEqual("1110", Admitted(flood, 4, 10));
    }

    [TestMethod]
    public void Admits_LargeLetters_UpToTheirBytes()
    {
        var flood = Open(new DeadLetterOptions { Bytes = 100_000 });

        Assert.AreEqual("110", Admitted(flood, 3, 50_000));
        Assert.IsTrue(flood.Admits(Letter(new string('x', 50_000)) with { Source = IngestSource.Replay }), "a file's line");
    }

    [TestMethod]
    public void Take_HeldOfTwoReasons_IsASummaryOfEachWithAllOfThem()
    {
        var flood = Open(new DeadLetterOptions());
        for (var i = 0; i < 1000; i++)
        {
            flood.Hold(Letter($"frame {i}"));
            if (i % 10 == 0) flood.Hold(Letter("odd", ErrorReason.MissingField));
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        var summaries = flood.Take();

        Assert.HasCount(2, summaries);
        var (many, few) = (
            summaries.Single(letter => letter.Reason == ErrorReason.MalformedJson),
            summaries.Single(letter => letter.Reason == ErrorReason.MissingField));
        Assert.AreEqual((1000L, 8890L, 100L, 300L), (many.Count, many.Length, few.Count, few.Length));
        Assert.AreEqual("frame 0\nframe 1\nframe 2\nframe 3", Encoding.UTF8.GetString(many.Payload));
        Assert.AreEqual(999_000, many.ReceivedTime.Microseconds - many.FirstTime.Microseconds);
        StringAssert.StartsWith(many.Detail, "summary of 1000 dead letters with 8890 bytes, ");
        Assert.IsFalse(many.IsWhole);
        Assert.IsFalse(flood.IsHolding);
    }

    [TestMethod]
    public void Take_HeldWithoutEnd_KeepsNoMoreThanOnePayload()
    {
        var options = new DeadLetterOptions { PayloadBytes = 1000 };
        var flood = Open(options);
        for (var i = 0; i < 100; i++) flood.Hold(Letter(new string('x', 1000)));

        Assert.IsLessThanOrEqualTo(options.PayloadBytes, flood.Take().Single().Payload.Length);
    }

    [TestMethod]
    public void Take_OneHeld_StaysAsItWas()
    {
        var flood = Open(new DeadLetterOptions());
        var letter = Letter(new string('x', 60_000));
        flood.Hold(letter);

        Assert.AreSame(letter, flood.Take().Single());
    }

    private DeadLetterFlood Open(DeadLetterOptions options) => new(options, _clock);

    private DeadLetter Letter(string payload, ErrorReason reason = ErrorReason.MalformedJson) =>
        new(reason, "stream frame", IngestSource.Stream, Timestamp.Now(_clock), Encoding.UTF8.GetBytes(payload));

    private string Admitted(DeadLetterFlood flood, int letters, int bytes) =>
        string.Concat(Enumerable.Range(0, letters).Select(_ => flood.Admits(Letter(new string('x', bytes))) ? '1' : '0'));
}
