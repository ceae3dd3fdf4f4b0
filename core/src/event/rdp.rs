//! `rdp`: one remote desktop connection, as Zeek's rdp.log.

use crate::event::record;
use crate::text::Text;

record! {
    /// The start of one RDP connection, as far as it is not encrypted.
    Rdp "rdp" {
        /// What the client sends for the balancing of load: mostly the account, cut after nine characters.
        cookie: Option<Text> = "cookie",
        /// `encrypted`, or how the server's answer went.
        result: Option<Text> = "result",
        /// The protection that the server chose: `RDP`, `SSL`, `HYBRID`, `HYBRID_EX`.
        security_protocol: Option<Text> = "security_protocol",
        /// The channels that the client asks for.
        client_channels: Vec<Text> = "client_channels",
        /// The client's keyboard: `keyboard-` and its number, or the name of a common one.
        keyboard_layout: Option<Text> = "keyboard_layout",
        /// The client's software.
        client_build: Option<Text> = "client_build",
        /// The client's name of itself.
        client_name: Option<Text> = "client_name",
        /// The client's product identifier.
        client_dig_product_id: Option<Text> = "client_dig_product_id",
        /// Width of the desktop, in pixels.
        desktop_width: Option<u64> = "desktop_width",
        /// Height of the desktop, in pixels.
        desktop_height: Option<u64> = "desktop_height",
        /// Depth of colour that the client asks for.
        requested_color_depth: Option<Text> = "requested_color_depth",
        /// The kind of certificate of RDP's own encryption: `RSA` for its own form, or `X.509`.
        cert_type: Option<Text> = "cert_type",
        /// Certificates that were seen of RDP's own encryption.
        cert_count: Option<u64> = "cert_count",
        /// The certificate was issued for good, not until the server gets another.
        cert_permanent: Option<bool> = "cert_permanent",
        /// Strength of RDP's own encryption, as the server sets it.
        encryption_level: Option<Text> = "encryption_level",
        /// RDP's own encryption.
        encryption_method: Option<Text> = "encryption_method",
    }
}
