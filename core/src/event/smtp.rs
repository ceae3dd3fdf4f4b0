//! `smtp`: one mail transaction, as Zeek's smtp.log.

use super::StringSet;
use crate::event::record;
use crate::text::Text;
use std::net::IpAddr;

record! {
    /// One mail as it was handed over, or a session without one.
    Smtp "smtp" {
        /// Position of the mail in its connection, from 1.
        trans_depth: Option<u64> = "trans_depth",
        /// How the client names itself.
        helo: Option<Text> = "helo",
        /// Sender of the envelope; `<>` for a notice that must not be answered.
        mailfrom: Option<Text> = "mailfrom",
        /// Recipients of the envelope.
        rcptto: StringSet = "rcptto",
        /// The mail's Date.
        date: Option<Text> = "date",
        /// The mail's From.
        from: Option<Text> = "from",
        /// The mail's To.
        to: StringSet = "to",
        /// The mail's Cc.
        cc: StringSet = "cc",
        /// The mail's Reply-To.
        reply_to: Option<Text> = "reply_to",
        /// The mail's Message-ID.
        msg_id: Option<Text> = "msg_id",
        /// The mail's In-Reply-To.
        in_reply_to: Option<Text> = "in_reply_to",
        /// The mail's Subject, undecoded.
        subject: Option<Text> = "subject",
        /// The mail's X-Originating-IP.
        x_originating_ip: Option<IpAddr> = "x_originating_ip",
        /// The first Received line: the last relay's.
        first_received: Option<Text> = "first_received",
        /// The second Received line.
        second_received: Option<Text> = "second_received",
        /// The server's last reply.
        last_reply: Option<Text> = "last_reply",
        /// The mail's way backwards: the server, the client, then what the Received lines tell.
        path: Vec<Text> = "path",
        /// The program that wrote the mail.
        user_agent: Option<Text> = "user_agent",
        /// The connection went on under TLS.
        tls: Option<bool> = "tls",
    }
}
