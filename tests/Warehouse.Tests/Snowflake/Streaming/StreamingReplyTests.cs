using Crypto.Warehouse.Snowflake.Streaming;

namespace Crypto.Warehouse.Tests.Snowflake.Streaming;

[TestClass]
public sealed class StreamingReplyTests
{
    [TestMethod]
    [DataRow(200, "", nameof(ReplyAction.Accept))]
    [DataRow(0, "", nameof(ReplyAction.Resend))]
    [DataRow(408, "", nameof(ReplyAction.Resend))]
    [DataRow(429, "390505", nameof(ReplyAction.Resend))]
    [DataRow(500, "", nameof(ReplyAction.Resend))]
    [DataRow(503, "RECEIVER_SATURATED", nameof(ReplyAction.Resend))]
    [DataRow(400, "1", nameof(ReplyAction.Resend))]
    [DataRow(400, "5", nameof(ReplyAction.Resend))]
    [DataRow(400, "6", nameof(ReplyAction.Resend))]
    [DataRow(401, "390144", nameof(ReplyAction.RefreshToken))]
    [DataRow(400, "3", nameof(ReplyAction.RefreshToken))]
    [DataRow(403, "", nameof(ReplyAction.Forbidden))]
    [DataRow(400, "STALE_CONTINUATION_TOKEN_SEQUENCER", nameof(ReplyAction.Reopen))]
    [DataRow(400, "4", nameof(ReplyAction.Reopen))]
    [DataRow(400, "STALE_PIPE_CACHE", nameof(ReplyAction.Reopen))]
    [DataRow(404, "", nameof(ReplyAction.Reopen))]
    [DataRow(409, "", nameof(ReplyAction.Reopen))]
    [DataRow(400, "ERR_CHANNEL_HAS_INVALID_ROW_SEQUENCER", nameof(ReplyAction.Reopen))]
    [DataRow(400, "ERR_CHANNEL_HAS_INVALID_CLIENT_SEQUENCER", nameof(ReplyAction.Reopen))]
    [DataRow(409, "ERR_CHANNEL_MUST_BE_REOPENED", nameof(ReplyAction.Reopen))]
    [DataRow(409, "ERR_CHANNEL_MUST_BE_REOPENED_DUE_TO_ROW_SEQ_GAP", nameof(ReplyAction.Reopen))]
    [DataRow(404, "ERR_CHANNEL_DOES_NOT_EXIST_OR_IS_NOT_AUTHORIZED", nameof(ReplyAction.Reopen))]
    [DataRow(409, "ERR_CHANNEL_HAS_UNCOMMITTED_DATA", nameof(ReplyAction.WaitForCommit))]
    [DataRow(404, "ERR_PIPE_DOES_NOT_EXIST_OR_NOT_AUTHORIZED", nameof(ReplyAction.ObjectMissing))]
    [DataRow(404, "ERR_TABLE_DOES_NOT_EXIST_NOT_AUTHORIZED", nameof(ReplyAction.ObjectMissing))]
    [DataRow(410, "ERR_PIPE_FAILED_OVER", nameof(ReplyAction.Reconnect))]
    [DataRow(404, "InvalidClient", nameof(ReplyAction.Reconnect))]
    [DataRow(400, "ERR_INVALID_JSON", nameof(ReplyAction.Refuse))]
    [DataRow(400, "0", nameof(ReplyAction.Refuse))]
    [DataRow(400, "2", nameof(ReplyAction.Refuse))]
    [DataRow(413, "", nameof(ReplyAction.Refuse))]
    public void Action_EverySignal_IsWhatTheTableSays(int status, string code, string expected) =>
        Assert.AreEqual(expected, new StreamingReply(status, code, "", "").Action.ToString());

    [TestMethod]
    [DataRow("""{"code":"STALE_PIPE_CACHE","message":"m"}""", "STALE_PIPE_CACHE", "m")]
    [DataRow("""{"error_code":"STALE_PIPE_CACHE","error_message":"m"}""", "STALE_PIPE_CACHE", "m")]
    [DataRow("""{"status_code":4,"message":"m"}""", "4", "m")]
    [DataRow("<html>a proxy's page</html>", "", "<html>a proxy's page</html>")]
    [DataRow("[1]", "", "[1]")]
    [DataRow("", "", "")]
    public void Parse_EveryFormOfAnError_GivesCodeAndMessage(string body, string code, string message)
    {
        var reply = StreamingReply.Parse(400, body);

        Assert.AreEqual((code, message), (reply.Code, reply.Message));
    }
}
