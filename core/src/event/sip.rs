//! `sip`: one request and its answer, as Zeek's sip.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// One SIP request with an answer; each provisional answer is a row of its own.
    Sip "sip" {
        /// Position of the request in its connection, from 1.
        trans_depth: Option<u64> = "trans_depth",
        /// The method: `INVITE`, `REGISTER`.
        method: Option<Text> = "method",
        /// What the request is for.
        uri: Option<Text> = "uri",
        /// Date of the request.
        date: Option<Text> = "date",
        /// From of the request, without its tag.
        request_from: Option<Text> = "request_from",
        /// To of the request.
        request_to: Option<Text> = "request_to",
        /// From of the answer, without its tag.
        response_from: Option<Text> = "response_from",
        /// To of the answer.
        response_to: Option<Text> = "response_to",
        /// Reply-To of the request.
        reply_to: Option<Text> = "reply_to",
        /// Call-ID of the request.
        call_id: Option<Text> = "call_id",
        /// CSeq of the request.
        seq: Option<Text> = "seq",
        /// Subject of the request.
        subject: Option<Text> = "subject",
        /// The way of the request, from its Via lines.
        request_path: Vec<Text> = "request_path",
        /// The way of the answer, from its Via lines.
        response_path: Vec<Text> = "response_path",
        /// The caller's software.
        user_agent: Option<Text> = "user_agent",
        /// The answer's code.
        status_code: Option<u64> = "status_code",
        /// The answer's words.
        status_msg: Option<Text> = "status_msg",
        /// Warning of the answer.
        warning: Option<Text> = "warning",
        /// Content-Length of the request.
        request_body_len: Option<u64> = "request_body_len",
        /// Content-Length of the answer.
        response_body_len: Option<u64> = "response_body_len",
        /// Content-Type of the answer.
        content_type: Option<Text> = "content_type",
    }
}
