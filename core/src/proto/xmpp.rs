//! XMPP (RFC 6120): that it is spoken, and its turn to TLS, behind which nothing of it can be read.

use super::{Analyzer, Cx, Dir, Over, Probe, Protocol, Step, Then};
use memchr::memchr;

/// XMPP.
pub static PROTOCOL: Protocol = Protocol {
    name: "xmpp",
    emits: &[],
    over: Over::Stream,
    ports: &[5222, 5269],
    probe,
    open: || Box::<Streams>::default(),
};

/// How a stream begins, behind what XML allows there (section 4.2).
const OPENS: &[u8] = b"<stream:stream";
/// Its content is of one of Jabber's namespaces (section 4.8.2).
const NAMESPACE: &[u8] = b"jabber:";
/// Longest tag that is waited for: those looked for are short, and others may be as long as they like.
const MAX_TAG: usize = 256;

fn probe(_: Dir, data: &[u8]) -> Probe {
    let mut rest = data.trim_ascii_start();
    if rest.starts_with(b"<?xml") {
        let end = memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
        rest = rest.get(end..).unwrap_or_default().trim_ascii_start();
    }
    let Some(tag) = rest.strip_prefix(OPENS) else {
        let can_grow = OPENS.starts_with(rest) || b"<?xml".starts_with(rest);
        return if can_grow { Probe::NeedMore } else { Probe::No };
    };
    let is_whole = memchr(b'>', tag).is_some();
    match memchr::memmem::find(tag, NAMESPACE) {
        Some(_) => Probe::Yes,
        None if is_whole => Probe::No,
        None => Probe::NeedMore,
    }
}

/// One connection's state.
#[derive(Debug, Default)]
struct Streams {
    /// The client has asked for TLS.
    is_asked: bool,
}

impl Analyzer for Streams {
    fn data(&mut self, dir: Dir, data: &[u8], cx: &mut Cx<'_>) -> Step {
        cx.service.insert("xmpp");
        let mut used = 0;
        loop {
            let rest = data.get(used..).unwrap_or_default();
            let Some(start) = memchr(b'<', rest) else { return Step::Done };
            let tag = rest.get(start..).unwrap_or_default();
            let Some(end) = memchr(b'>', tag) else {
                let used = used + start;
                let is_short = tag.len() < MAX_TAG;
                return if is_short {
                    Step::More { used, need: tag.len() + 1 }
                } else {
                    Step::Done
                };
            };
            used += start + end + 1;
            if let Some(step) = self.tag(dir, tag).step(used) {
                return step;
            }
        }
    }

    fn gap(&mut self, _: Dir, _: u64, _: &mut Cx<'_>) -> Step {
        Step::Done
    }

    fn finish(&mut self, _: &mut Cx<'_>) {}
}

impl Streams {
    /// Takes a tag; `tag` begins with it.
    fn tag(&mut self, dir: Dir, tag: &[u8]) -> Then {
        let is = |name: &[u8]| tag.starts_with(name);
        match dir {
            Dir::Orig if is(b"<starttls") => self.is_asked = true,
            Dir::Resp if is(b"<proceed") && self.is_asked => return Then::Tls,
            // It goes on in the clear.
            Dir::Orig if is(b"<auth") || is(b"<iq") || is(b"<message") => return Then::Quit,
            _ => {}
        }
        Then::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::testing::{Said, talk};

    // RFC 6120, section 9.1.1, shortened.
    const OPEN: &[u8] = b"<?xml version='1.0'?>\n<stream:stream to='im.test' version='1.0'
        xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
    const FEATURES: &[u8] =
        b"<stream:stream from='im.test' xmlns='jabber:client'><stream:features>\
        <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
    const ASK: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
    const GO: &[u8] = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

    #[test]
    fn a_stream_is_told_by_its_tag_and_namespace() {
        assert_eq!(probe(Dir::Orig, OPEN), Probe::Yes);
        assert_eq!(probe(Dir::Resp, FEATURES), Probe::Yes);
        for cut in [0, 3, 10, 30, 60] {
            assert_eq!(probe(Dir::Orig, &OPEN[..cut]), Probe::NeedMore, "{cut}");
        }
        for other in ["<html>", "<?xml?><svg>", "<stream:stream xmlns='other'>", "stream"] {
            assert_eq!(probe(Dir::Orig, other.as_bytes()), Probe::No, "{other}");
        }
    }

    #[test]
    fn tls_follows_what_the_server_agreed_to_wherever_it_is_cut() {
        let said = [(Dir::Orig, OPEN), (Dir::Resp, FEATURES), (Dir::Orig, ASK), (Dir::Resp, GO)];
        let said = said.map(|(dir, data)| Said::Data(dir, data));
        for step in [1, 7, usize::MAX] {
            assert_eq!(talk(&PROTOCOL, &said, step), ["become \"ssl\""], "{step}");
        }
        // A server that says so unasked, and a client that goes on in the clear.
        let [open, _, _, go] = said;
        assert!(talk(&PROTOCOL, &[open, go], usize::MAX).is_empty());
        let iq = Said::Data(Dir::Orig, b"<iq type='get'/>");
        assert_eq!(talk(&PROTOCOL, &[open, iq], usize::MAX), ["quit"]);
    }

    #[test]
    fn a_tag_is_waited_for_in_so_many_bytes() {
        // What looks like a tag within one is none, and is one behind what was given up.
        let talk_behind = |len: usize| {
            let long = format!("<a {}", "x".repeat(len - 3));
            let asks = Said::Data(Dir::Orig, b"<starttls/>");
            let said = [Said::Data(Dir::Orig, long.as_bytes()), asks, Said::Data(Dir::Resp, GO)];
            talk(&PROTOCOL, &said, usize::MAX)
        };
        assert!(talk_behind(MAX_TAG - 1).is_empty());
        assert_eq!(talk_behind(MAX_TAG), ["become \"ssl\""]);
    }
}
