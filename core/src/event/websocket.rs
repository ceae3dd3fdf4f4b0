//! `websocket`: one connection that turned to WebSocket, as Zeek's websocket.log, and what its frames tell.

use crate::event::record;
use crate::text::Text;

record! {
    /// One connection that turned from HTTP to WebSocket. Its time is that of the server's consent.
    Websocket "websocket" {
        /// Host header of the request, as in `http`.
        host: Option<Text> = "host",
        /// Request target as sent.
        uri: Option<Text> = "uri",
        /// User-Agent header of the request.
        user_agent: Option<Text> = "user_agent",
        /// The protocol inside that the server chose.
        subprotocol: Option<Text> = "subprotocol",
        /// Protocols that the client offered.
        client_protocols: Vec<Text> = "client_protocols",
        /// Extensions that the server chose: `permessage-deflate`.
        server_extensions: Vec<Text> = "server_extensions",
        /// Extensions that the client offered.
        client_extensions: Vec<Text> = "client_extensions",
        /// Messages that the client began, as far as its frames could be read. Zeek's log has no such field.
        orig_messages: Option<u64> = "orig_messages",
        /// Messages that the server began, counted as those of the client.
        resp_messages: Option<u64> = "resp_messages",
        /// Why it was closed, by the first side that said so (RFC 6455 section 7.4); 1005 where it gave no reason.
        close_code: Option<u64> = "close_code",
        /// The words beside the code.
        close_reason: Option<Text> = "close_reason",
    }
}
