//! `socks`: one connection through a proxy, as Zeek's socks.log.

use crate::event::record;
use crate::event::value::Port;
use crate::text::Text;
use std::net::IpAddr;

record! {
    /// One request to a SOCKS proxy. A password is never kept; that there was one says `login`.
    Socks "socks" {
        /// 4 or 5.
        version: Option<u64> = "version",
        /// The account at the proxy.
        user: Option<Text> = "user",
        /// The proxy's answer: `succeeded`, `Connection refused`.
        status: Option<Text> = "status",
        /// Address of the server that the client wants.
        request_host: Option<IpAddr> = "request.host",
        /// Name of the server that the client wants.
        request_name: Option<Text> = "request.name",
        /// Its port.
        request_p: Option<Port> = "request_p",
        /// Address from which the proxy connects.
        bound_host: Option<IpAddr> = "bound.host",
        /// Name of the proxy's end.
        bound_name: Option<Text> = "bound.name",
        /// Port from which the proxy connects.
        bound_p: Option<Port> = "bound_p",
    }
}
