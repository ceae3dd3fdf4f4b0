//! `radius`: one authentication, as Zeek's radius.log.

use crate::event::record;
use crate::text::Text;
use crate::time::Interval;
use std::net::IpAddr;

record! {
    /// One RADIUS authentication: the messages from a request to its accept or reject.
    Radius "radius" {
        /// The account.
        username: Option<Text> = "username",
        /// The caller's hardware address, as Calling-Station-Id has it.
        mac: Option<Text> = "mac",
        /// The address that the server suggests for the caller.
        framed_addr: Option<IpAddr> = "framed_addr",
        /// The caller's end of a tunnel (Tunnel-Client-Endpoint).
        tunnel_client: Option<Text> = "tunnel_client",
        /// How the caller is connected (Connect-Info).
        connect_info: Option<Text> = "connect_info",
        /// What a challenge says to the user.
        reply_msg: Option<Text> = "reply_msg",
        /// `success`, `failed`, or `unknown` where no answer was seen.
        result: Option<Text> = "result",
        /// From the first request to the answer.
        ttl: Option<Interval> = "ttl",
    }
}
