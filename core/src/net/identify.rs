//! Which protocol a connection speaks: by what its first bytes look like, the port only breaking ties.

use crate::proto::{Dir, Over, PROTOCOLS, Probe, Protocol};

/// What first bytes of one direction told.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Guess {
    /// This protocol.
    Found(&'static Protocol),
    /// More bytes are needed.
    Wait,
    /// None that we know.
    Unknown,
}

/// Judges the first bytes of a direction. `is_last`: no more bytes will come to decide on.
pub(crate) fn guess(over: Over, dir: Dir, bytes: &[u8], ports: [u16; 2], is_last: bool) -> Guess {
    guess_of(PROTOCOLS, over, dir, bytes, ports, is_last)
}

fn guess_of(
    protocols: &[&'static Protocol],
    over: Over,
    dir: Dir,
    bytes: &[u8],
    ports: [u16; 2],
    is_last: bool,
) -> Guess {
    let mut maybe = None;
    let mut is_open = false;
    // Those of the ports first: mostly one of them knows its own, and the others are not asked.
    for is_usual in [true, false] {
        for &protocol in
            protocols.iter().filter(|p| p.over == over && is_at_home(p, ports) == is_usual)
        {
            match (protocol.probe)(dir, bytes) {
                Probe::Yes => return Guess::Found(protocol),
                Probe::Maybe if is_usual && maybe.is_none() => maybe = Some(protocol),
                Probe::NeedMore => is_open = true,
                _ => {}
            }
        }
    }
    match maybe {
        _ if is_open && !is_last => Guess::Wait,
        Some(protocol) => Guess::Found(protocol),
        None => Guess::Unknown,
    }
}

/// The protocol whose port one of `ports` is, where what was found is not at home there.
pub(crate) fn rival(found: &Protocol, ports: [u16; 2]) -> Option<&'static Protocol> {
    let mut others = PROTOCOLS.iter().copied().filter(|p| p.over == found.over);
    if is_at_home(found, ports) { None } else { others.find(|p| is_at_home(p, ports)) }
}

/// True when one of `ports` is usual for the protocol. Asked of every protocol for every connection.
fn is_at_home(protocol: &Protocol, ports: [u16; 2]) -> bool {
    protocol.ports.iter().any(|port| *port == ports[0] || *port == ports[1])
}

/// The protocol of that name over `over`.
pub(crate) fn named(name: &str, over: Over) -> Option<&'static Protocol> {
    PROTOCOLS.iter().copied().find(|p| p.name == name && p.over == over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{Analyzer, Cx, Step};

    struct Nothing;
    impl Analyzer for Nothing {
        fn data(&mut self, _: Dir, _: &[u8], _: &mut Cx<'_>) -> Step {
            Step::Quit
        }
        fn finish(&mut self, _: &mut Cx<'_>) {}
    }

    const fn protocol(
        name: &'static str,
        ports: &'static [u16],
        probe: fn(Dir, &[u8]) -> Probe,
    ) -> Protocol {
        Protocol { name, emits: &[], over: Over::Stream, ports, probe, open: || Box::new(Nothing) }
    }

    static TABLE: &[&Protocol] = &[
        &protocol("a", &[1], |_, b| if b.starts_with(b"A") { Probe::Yes } else { Probe::No }),
        &protocol("b", &[2], |_, b| if b.starts_with(b"AA") { Probe::Yes } else { Probe::No }),
        &protocol("c", &[3], |_, b| if b.starts_with(b"C") { Probe::Maybe } else { Probe::No }),
        &protocol("d", &[4], |_, b| if b == b"C" { Probe::NeedMore } else { Probe::No }),
    ];

    fn found(bytes: &[u8], port: u16, is_last: bool) -> &'static str {
        match guess_of(TABLE, Over::Stream, Dir::Orig, bytes, [50_000, port], is_last) {
            Guess::Found(p) => p.name,
            Guess::Wait => "wait",
            Guess::Unknown => "unknown",
        }
    }

    #[test]
    fn a_port_s_protocol_is_the_rival_of_one_that_is_not_at_home() {
        let [dns, snmp] = ["dns", "snmp"].map(|name| named(name, Over::Datagrams).unwrap());
        let name = |found, ports| rival(found, ports).map(|p| p.name);
        assert_eq!(name(snmp, [40_000, 53]), Some("dns"));
        assert_eq!(name(dns, [40_000, 53]), None);
        assert_eq!(name(snmp, [40_000, 161]), None);
        assert_eq!(name(snmp, [40_000, 40_001]), None);
    }

    #[test]
    fn content_decides_and_the_port_breaks_ties() {
        assert_eq!(found(b"AA", 9, false), "a");
        assert_eq!(found(b"AA", 2, false), "b");
        assert_eq!(found(b"AB", 2, false), "a");
        assert_eq!(found(b"CC", 3, false), "c");
        assert_eq!(found(b"CC", 9, false), "unknown");
        assert_eq!(found(b"C", 3, false), "wait");
        assert_eq!(found(b"C", 3, true), "c");
    }
}
