//! `ftp`: one command and its reply, as Zeek's ftp.log.

use crate::event::record;
use crate::event::value::Port;
use crate::text::Text;
use std::net::IpAddr;

record! {
    /// One FTP command with its reply.
    Ftp "ftp" {
        /// Account in use; `<unknown>` is left unset. With a domain where the server logs one: `FTP01\hawkeye`.
        user: Option<Text> = "user",
        /// `<hidden>` when a password was sent, as Zeek shows it; the password itself is never kept.
        password: Option<&'static str> = "password",
        /// The command, upper case: `RETR`.
        command: Option<Text> = "command",
        /// Its argument; for transfers Zeek's `ftp://host/path` form.
        arg: Option<Text> = "arg",
        /// MIME type of the file, by content.
        mime_type: Option<Text> = "mime_type",
        /// Size of the file, where the server or the data channel tells.
        file_size: Option<u64> = "file_size",
        /// Reply code.
        reply_code: Option<u64> = "reply_code",
        /// Reply text.
        reply_msg: Option<Text> = "reply_msg",
        /// The data channel is opened by the client.
        passive: Option<bool> = "data_channel.passive",
        /// Who opens the data channel.
        data_orig_h: Option<IpAddr> = "data_channel.orig_h",
        /// Where the data channel goes to.
        data_resp_h: Option<IpAddr> = "data_channel.resp_h",
        /// The data channel's port at that end.
        data_resp_p: Option<Port> = "data_channel.resp_p",
        /// Bytes that crossed the data connection of this transfer, as far as it is in the capture.
        data_bytes: Option<u64> = "data_channel.bytes",
        /// The server's session identifier, where a log has it.
        session: Option<Text> = "session",
        /// Position of the command in its connection, from 1.
        trans_depth: Option<u64> = "trans_depth",
        /// Path at the server, where a log has it.
        path: Option<Text> = "path",
    }
}
