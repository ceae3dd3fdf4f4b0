//! Ports that servers usually listen on: they only decide the direction of traffic whose start
//! was not seen.

/// TCP ports that Zeek takes for a server's (its scripts' `likely_server_ports`).
const TCP: &[u16] = &[
    21, 22, 25, 43, 53, 79, 80, 81, 88, 110, 113, 135, 139, 143, 389, 443, 445, 502, 563, 585, 587,
    614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5060,
    5222, 5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
];

/// UDP ports, as above.
const UDP: &[u16] = &[
    53, 67, 88, 123, 137, 161, 162, 389, 443, 514, 1812, 2123, 2152, 3268, 3544, 4789, 5060, 5072,
    5353, 5355, 6081, 20000,
];

/// True when `port` is usually a TCP server's.
pub(crate) fn is_tcp_server(port: u16) -> bool {
    TCP.binary_search(&port).is_ok()
}

/// True when `port` is usually a UDP server's.
pub(crate) fn is_udp_server(port: u16) -> bool {
    UDP.binary_search(&port).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_for_the_search() {
        assert!(TCP.is_sorted() && UDP.is_sorted());
        assert!(
            is_tcp_server(443) && !is_tcp_server(444) && is_udp_server(67) && !is_udp_server(68)
        );
    }
}
