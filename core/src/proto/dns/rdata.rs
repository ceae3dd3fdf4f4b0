//! A record's data in the words of Zeek's `answers`, one text a record.

use super::codes::{CLASS_ANY, CLASS_NONE, rtype, svc_key_name, type_name};
use super::name::{Name, readable};
use super::netbios;
use super::wire::{Flaw, Record};
use crate::bytes::Cursor;
use base64ct::{Base64, Encoding};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One record made readable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text; `None` for records that say nothing to a reader (EDNS, signatures of messages).
    pub text: Option<String>,
    /// What was wrong with its data.
    pub flaw: Option<Flaw>,
}

/// Reads the data of a record of a reply.
pub fn show(message: &[u8], record: &Record<'_>, is_netbios: bool) -> Shown {
    let mut data = Data { message, record, c: Cursor::new(record.rdata), flaw: None };
    let text = if is_netbios && matches!(record.rtype, rtype::NB | rtype::NBSTAT) {
        netbios::show(record.rtype, record.rdata)
    } else if matches!(record.rtype, rtype::OPT | rtype::TSIG | rtype::WKS) {
        return Shown { text: None, flaw: None };
    } else {
        data.text()
    };
    let flaw = data.flaw.or(if text.is_none() { Some(Flaw::RdataLength) } else { None });
    Shown { text, flaw }
}

/// Reads a prerequisite of a dynamic update, RFC 2136 section 2.4.
pub fn show_prerequisite(record: &Record<'_>) -> Shown {
    let (name, ty) = (owner(record), type_name(record.rtype));
    let text = match (record.class, record.rtype) {
        (CLASS_NONE, rtype::ANY) => format!("pre: NameNotInUse {name}"),
        (CLASS_ANY, rtype::ANY) => format!("pre: NameInUse {name}"),
        (CLASS_NONE, _) => format!("pre: NoRRSet {ty} {name}"),
        _ => format!("pre: RRSetExists {ty} {name}"),
    };
    Shown { text: Some(text), flaw: None }
}

/// Reads a change of a dynamic update, RFC 2136 section 2.5.
pub fn show_update(message: &[u8], record: &Record<'_>) -> Shown {
    let (name, ty) = (owner(record), type_name(record.rtype));
    let text = match (record.class, record.rtype) {
        (CLASS_ANY, rtype::ANY) => format!("del: RRSet * {name}"),
        (CLASS_NONE, _) => format!("del: RR {ty} {name}"),
        (CLASS_ANY, _) => format!("del: RRSet {ty}"),
        (_, rtype::A | rtype::AAAA | rtype::A6) => {
            let Shown { text, flaw } = show(message, record, false);
            return Shown { text: text.map(|addr| format!("add: {ty} {name} {addr}")), flaw };
        }
        _ => {
            let Shown { text, flaw } = show(message, record, false);
            return Shown { text: text.map(|t| format!("add: {t}")), flaw };
        }
    };
    Shown { text: Some(text), flaw: None }
}

fn owner(record: &Record<'_>) -> String {
    readable(&record.name.bytes())
}

/// The data of one record while they are read.
struct Data<'a> {
    message: &'a [u8],
    record: &'a Record<'a>,
    c: Cursor<'a>,
    flaw: Option<Flaw>,
}

impl<'a> Data<'a> {
    /// The text of any type; `None` when the data are too short for the type.
    fn text(&mut self) -> Option<String> {
        Some(match self.record.rtype {
            rtype::A => Ipv4Addr::from(self.whole::<4>()?).to_string(),
            rtype::AAAA | rtype::A6 => Ipv6Addr::from(self.whole::<16>()?).to_string(),
            rtype::NS | rtype::CNAME | rtype::PTR => self.last_name()?,
            rtype::SOA => self.soa()?,
            rtype::MX => self.skip(2)?.last_name()?,
            rtype::SRV => self.skip(6)?.last_name()?,
            rtype::TXT => self.strings("TXT")?,
            rtype::SPF => self.strings("SPF")?,
            rtype::HINFO => {
                format!("HINFO {} {}", readable(self.string()?), readable(self.string()?))
            }
            rtype::NAPTR => self.naptr()?,
            rtype::RRSIG => self.rrsig()?,
            rtype::DNSKEY => format!("DNSKEY {}", self.skip(3)?.c.u8()?),
            rtype::DS => self.skip(2)?.ds()?,
            rtype::NSEC => {
                let next = self.name()?;
                format!("NSEC {} {next}", owner(self.record))
            }
            rtype::NSEC3 => "NSEC3".into(),
            rtype::NSEC3PARAM => "NSEC3PARAM".into(),
            rtype::BINDS => "BIND9 signing signal".into(),
            rtype::SSHFP => {
                format!("SSHFP: {}", base16ct::lower::encode_string(self.skip(2)?.c.rest()))
            }
            rtype::LOC => {
                let [_, size, horizontal, vertical] = self.c.array()?;
                format!("LOC:  {size} {horizontal} {vertical}")
            }
            rtype::CAA => self.caa()?,
            rtype::DNAME => format!("DNAME {}", self.last_name()?),
            rtype::SVCB => format!("SVCB {}", self.svcb()?),
            rtype::HTTPS => format!("HTTPS {}", self.svcb()?),
            other => format!("<unknown type={other}>"),
        })
    }

    fn skip(&mut self, n: usize) -> Option<&mut Self> {
        self.c.take(n)?;
        Some(self)
    }

    /// All of the data, which must have this length.
    fn whole<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.record.rdata.try_into().ok()
    }

    /// A name, compressed or not.
    fn name(&mut self) -> Option<String> {
        let at = self.record.rdata_at + self.c.pos();
        let read = Name::read(self.message, at);
        self.flaw = self.flaw.or(read.flaw);
        let used = read.next?.checked_sub(at)?;
        if self.c.take(used).is_none() {
            // It went on into the next record; that is what Zeek shows, too.
            self.flaw = self.flaw.or(Some(Flaw::RdataMismatch));
            self.c.take(self.c.rest().len())?;
        }
        Some(readable(&read.name.bytes()))
    }

    /// A name that must end the data.
    fn last_name(&mut self) -> Option<String> {
        let name = self.name()?;
        if !self.c.is_empty() {
            self.flaw = self.flaw.or(Some(Flaw::RdataMismatch));
        }
        Some(name)
    }

    /// A character-string: a length and so many bytes.
    fn string(&mut self) -> Option<&'a [u8]> {
        let len = self.c.u8()?;
        self.c.take(usize::from(len))
    }

    fn strings(&mut self, word: &str) -> Option<String> {
        let mut out = String::new();
        while !self.c.is_empty() {
            let Some(text) = self.string() else {
                self.flaw = Some(Flaw::RdataLength);
                break;
            };
            let gap = if out.is_empty() { "" } else { " " };
            let _ = write!(out, "{gap}{word} {} {}", text.len(), readable(text));
        }
        Some(out)
    }

    fn soa(&mut self) -> Option<String> {
        let mname = self.name()?;
        self.name()?;
        if self.c.rest().len() != 20 {
            self.flaw = self.flaw.or(Some(Flaw::RdataMismatch));
        }
        Some(mname)
    }

    fn naptr(&mut self) -> Option<String> {
        let (order, preference) = (self.c.be16()?, self.c.be16()?);
        let (flags, service) = (readable(self.string()?), readable(self.string()?));
        let regexp = readable(self.string()?);
        let replacement = self.last_name()?;
        let gap = if regexp.is_empty() || replacement.is_empty() { "" } else { " " };
        Some(format!("NAPTR {order} {preference} {flags} {service} {regexp}{gap}{replacement}"))
    }

    fn rrsig(&mut self) -> Option<String> {
        let covered = self.c.be16()?;
        let signer = self.skip(16)?.name()?;
        let signer = if signer.is_empty() { "<Root>" } else { &signer };
        Some(format!("RRSIG {covered} {signer}"))
    }

    fn ds(&mut self) -> Option<String> {
        Some(format!("DS {} {}", self.c.u8()?, self.c.u8()?))
    }

    /// RFC 8659 section 4.1, written as in a zone file but without quotes.
    fn caa(&mut self) -> Option<String> {
        let flags = self.c.u8()?;
        let tag = readable(self.string()?);
        Some(format!("CAA {flags} {tag} {}", readable(self.c.rest())))
    }

    /// RFC 9460 section 2.1, written as in a zone file: priority, target, parameters.
    fn svcb(&mut self) -> Option<String> {
        let priority = self.c.be16()?;
        let target = self.name()?;
        let mut out = format!("{priority} {}", if target.is_empty() { "." } else { &target });
        while !self.c.is_empty() {
            let (Some(key), Some(len)) = (self.c.be16(), self.c.be16()) else { return Some(out) };
            let Some(value) = self.c.take(usize::from(len)) else {
                self.flaw = Some(Flaw::RdataLength);
                return Some(out);
            };
            let _ = write!(out, " {}", svc_key_name(key));
            if !value.is_empty() {
                let _ = write!(out, "={}", svc_value(key, value));
            }
        }
        Some(out)
    }
}

/// The value of an SVCB parameter by its key: names, port, addresses, else base64.
fn svc_value(key: u16, value: &[u8]) -> String {
    let list = |parts: Vec<String>| parts.join(",");
    match (key, value) {
        (0, _) => list(value.chunks_exact(2).map(pair).map(|k| svc_key_name(k).into()).collect()),
        (1, _) => list(length_prefixed(value).map(readable).collect()),
        (3, [a, b]) => u16::from_be_bytes([*a, *b]).to_string(),
        (4, _) => list(value.chunks_exact(4).filter_map(addr::<4>).collect()),
        (6, _) => list(value.chunks_exact(16).filter_map(addr::<16>).collect()),
        _ => Base64::encode_string(value),
    }
}

fn pair(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |n, b| n << 8 | u16::from(*b))
}

fn addr<const N: usize>(bytes: &[u8]) -> Option<String>
where
    IpAddr: From<[u8; N]>,
{
    let bytes: [u8; N] = bytes.try_into().ok()?;
    Some(IpAddr::from(bytes).to_string())
}

fn length_prefixed(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut c = Cursor::new(value);
    std::iter::from_fn(move || {
        let len = c.u8()?;
        c.take(usize::from(len))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(rtype: u16, rdata: &[u8]) -> Shown {
        let message = [b"\x07example\x03com\x00".as_slice(), rdata].concat();
        let name = Name::read(&message, 0).name;
        let at = 13;
        let record = Record { name, rtype, class: 1, ttl: 0, rdata: &message[at..], rdata_at: at };
        show(&message, &record, false)
    }

    fn text(rtype: u16, rdata: &[u8]) -> String {
        let shown = shown(rtype, rdata);
        assert_eq!(shown.flaw, None);
        shown.text.unwrap()
    }

    #[test]
    fn each_type_reads_as_in_zeek() {
        assert_eq!(text(rtype::A, &[192, 0, 2, 1]), "192.0.2.1");
        assert_eq!(
            text(rtype::AAAA, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            "2001:db8::1"
        );
        assert_eq!(text(rtype::CNAME, b"\x03WWW\xc0\x00"), "www.example.com");
        assert_eq!(text(rtype::MX, b"\x00\x0a\x02mx\xc0\x00"), "mx.example.com");
        assert_eq!(text(rtype::SRV, b"\0\0\0\0\0\x58\x01s\xc0\x00"), "s.example.com");
        assert_eq!(text(rtype::TXT, b"\x02ab\x01\xff"), "TXT 2 ab TXT 1 \\xff");
        assert_eq!(text(rtype::SPF, b"\x02ab"), "SPF 2 ab");
        assert_eq!(
            text(rtype::SOA, &[b"\xc0\x00\xc0\x00".as_slice(), &[0; 20]].concat()),
            "example.com"
        );
        assert_eq!(text(rtype::HINFO, b"\x01x\x01y"), "HINFO x y");
        assert_eq!(
            text(rtype::NAPTR, b"\0\x64\0\x64\x01s\x02S1\x00\x01r\xc0\x00"),
            "NAPTR 100 100 s S1 r.example.com"
        );
        assert_eq!(
            text(rtype::RRSIG, &[b"\0\x05".as_slice(), &[0; 16], b"\x00sig"].concat()),
            "RRSIG 5 <Root>"
        );
        assert_eq!(text(rtype::DNSKEY, b"\x01\x01\x03\x05key"), "DNSKEY 5");
        assert_eq!(text(rtype::DS, b"\0\0\x05\x02digest"), "DS 5 2");
        assert_eq!(text(rtype::NSEC, b"\x01b\xc0\x00\0\x01\x40"), "NSEC example.com b.example.com");
        assert_eq!(text(rtype::SSHFP, b"\x01\x01\xab\xcd"), "SSHFP: abcd");
        assert_eq!(text(rtype::LOC, b"\x00\x12\x15\x13coordinates"), "LOC:  18 21 19");
        assert_eq!(text(rtype::CAA, b"\x00\x05issueca.example"), "CAA 0 issue ca.example");
        assert_eq!(text(rtype::DNAME, b"\xc0\x00"), "DNAME example.com");
        assert_eq!(text(rtype::NSEC3, b""), "NSEC3");
        assert_eq!(text(52, b"x"), "<unknown type=52>");
        assert_eq!(shown(rtype::OPT, b""), Shown { text: None, flaw: None });
    }

    #[test]
    fn service_bindings_read_as_in_a_zone_file() {
        // RFC 9460 appendix D.2, figures 4 and 9, and a parameter with ECH.
        assert_eq!(
            text(rtype::HTTPS, b"\x00\x01\x00\x00\x03\x00\x02\x00\x35"),
            "HTTPS 1 . port=53"
        );
        assert_eq!(
            text(
                rtype::SVCB,
                b"\x00\x10\x03foo\xc0\x00\x00\x00\x00\x04\x00\x01\x00\x04\
                \x00\x01\x00\x09\x02h2\x05h3-19\x00\x04\x00\x04\xc0\x00\x02\x01"
            ),
            "SVCB 16 foo.example.com mandatory=alpn,ipv4hint alpn=h2,h3-19 ipv4hint=192.0.2.1"
        );
        assert_eq!(
            text(rtype::HTTPS, b"\x00\x01\x00\x00\x05\x00\x02\xfe\x0d"),
            "HTTPS 1 . ech=/g0="
        );
    }

    #[test]
    fn damaged_data_are_said_and_what_is_readable_is_kept() {
        assert_eq!(
            shown(rtype::A, &[1, 2, 3]),
            Shown { text: None, flaw: Some(Flaw::RdataLength) }
        );
        let long = shown(rtype::CNAME, b"\x01a\x00rest");
        assert_eq!(long, Shown { text: Some("a".into()), flaw: Some(Flaw::RdataMismatch) });
        let cut = shown(rtype::TXT, b"\x02ab\x09c");
        assert_eq!(cut, Shown { text: Some("TXT 2 ab".into()), flaw: Some(Flaw::RdataLength) });
    }
}
