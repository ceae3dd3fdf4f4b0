//! `http`: one request and its reply, as Zeek's http.log.

use crate::event::record;
use crate::event::value::StringSet;
use crate::text::Text;

record! {
    /// One HTTP request with its reply, or either alone. A web server's access log gives the same row.
    Http "http" {
        /// Position of the request in its connection, from 1.
        trans_depth: Option<u64> = "trans_depth",
        /// Request method.
        method: Option<Text> = "method",
        /// Host header, port removed; the authority of an absolute URI if there is none. Access logs: only where the format names the virtual host.
        host: Option<Text> = "host",
        /// Request target as sent.
        uri: Option<Text> = "uri",
        /// Referer header; unset when absent or logged as `-`.
        referrer: Option<Text> = "referrer",
        /// Version of the reply, else of the request: `1.1`.
        version: Option<Text> = "version",
        /// User-Agent header; unset when absent or logged as `-`.
        user_agent: Option<Text> = "user_agent",
        /// Origin header.
        origin: Option<Text> = "origin",
        /// Body bytes of the request, after removing transfer coding; of a gzip body that came whole the length of its content, as its own trailer states (RFC 1952).
        request_body_len: Option<u64> = "request_body_len",
        /// Body bytes of the reply, counted as those of the request. Access logs: bytes sent as logged.
        response_body_len: Option<u64> = "response_body_len",
        /// Status code of the reply.
        status_code: Option<u64> = "status_code",
        /// Reason phrase of the reply.
        status_msg: Option<Text> = "status_msg",
        /// Last interim (1xx) status code.
        info_code: Option<u64> = "info_code",
        /// Last interim reason phrase.
        info_msg: Option<Text> = "info_msg",
        /// Zeek's tags.
        tags: StringSet = "tags",
        /// User name of basic or digest authentication, or as logged by the server.
        username: Option<Text> = "username",
        /// True when a password was in the clear; the password itself is never kept.
        password: Option<&'static str> = "password",
        /// Headers that tell of a proxy, as `NAME -> value`.
        proxied: StringSet = "proxied",
        /// File names the request's body parts named.
        orig_filenames: Vec<Text> = "orig_filenames",
        /// MIME types of the request's bodies, by content.
        orig_mime_types: Vec<Text> = "orig_mime_types",
        /// File names the reply named (Content-Disposition).
        resp_filenames: Vec<Text> = "resp_filenames",
        /// MIME types of the reply's bodies, by content.
        resp_mime_types: Vec<Text> = "resp_mime_types",
        /// Server header of the reply.
        server: Option<Text> = "server",
        /// True when the row was written by the web server itself: it names no server address.
        server_log: Option<bool> = "server_log",
    }
}
