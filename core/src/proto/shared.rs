//! What the connections of one capture know of each other.

use super::dhcp::Exchanges;
use super::ftp::Expected;
use crate::source::Sink;

/// Shared by the analyzers of all connections of a capture.
#[derive(Default)]
pub struct Shared {
    /// Data connections that control connections announced.
    pub expected: Expected,
    /// DHCP exchanges: an answer by broadcast is another connection than its request.
    pub exchanges: Exchanges,
}

impl Shared {
    /// The capture is at its end: what is pending goes out.
    pub fn finish(&mut self, out: &mut dyn Sink) {
        self.exchanges.finish(out);
    }
}
