using System.Buffers;
using Crypto.TradeIngest.Log.Embedded;
using FsCheck;
using FsCheck.Fluent;

using Crypto.Warehouse.Sqlite;

namespace Crypto.TradeIngest.Tests.Log.Embedded;

[TestClass]
public sealed class BatchEncodingTests
{
    [TestMethod]
    public void TryTake_WhatWasAppended_ComesBack()
    {
        var record =
            from key in Gen.Choose(0, 300)
            from value in Gen.Choose(0, 40_000)
            from fill in Gen.Choose(0, 255)
            select (Key: Filled(key, fill), Value: Filled(value, fill + 1));

        Prop.ForAll(record.ListOf().ToArbitrary(), records =>
        {
            var output = new ArrayBufferWriter<byte>();
            foreach (var (key, value) in records) BatchEncoding.Append(output, key, value);
            var rest = output.WrittenSpan;
            foreach (var (key, value) in records)
            {
                Assert.IsTrue(BatchEncoding.TryTake(ref rest, out var readKey, out var readValue));
                Assert.IsTrue(readKey.SequenceEqual(key) && readValue.SequenceEqual(value));
            }

            Assert.IsTrue(rest.IsEmpty);
            Assert.IsFalse(BatchEncoding.TryTake(ref rest, out _, out _));
        }).QuickCheckThrowOnFailure();
    }

    [TestMethod]
    public void TryTake_RandomBytes_NeverReadsOutside()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            if (i % 2 == 0) bytes.AsSpan(0, Math.Min(4, bytes.Length)).Fill(0xFF);
            ReadOnlySpan<byte> rest = bytes;
            while (BatchEncoding.TryTake(ref rest, out var key, out var value))
            {
                Assert.IsLessThanOrEqualTo(bytes.Length, key.Length + value.Length);
            }
        }
    }

    /// <summary>The vectors of RFC 3720, appendix B.4, and the usual check value.</summary>
    [TestMethod]
    public void Checksum_KnownVectors_IsCrc32C()
    {
        Assert.AreEqual(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.AreEqual(0x62A8AB43u, Crc32C.Of(Filled(32, 0xFF)));
        Assert.AreEqual(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.AreEqual(0xE3069283u, Crc32C.Of("123456789"u8));
        Assert.AreEqual(0u, Crc32C.Of([]));
    }

    private static byte[] Filled(int length, int value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)value);
        return bytes;
    }
}
