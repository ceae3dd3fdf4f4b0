//! The table: which of EVE's fields becomes which of ours, by event type.

use super::derive;
use crate::event::{CommunityId, Event, Kind, Raw, Transport, Uid};

/// Sets something of an event from a value; false when the value does not fit.
pub type Put = fn(&mut Event, &Raw<'_>) -> bool;

/// Where a field goes, as the table writes it.
#[derive(Debug, Clone, Copy)]
pub enum To {
    /// Into the record's field of this name.
    Field(&'static str),
    /// Through a function.
    Put(Put),
    /// Nowhere: it says nothing that a record needs, or another part of the reader takes it.
    Known,
}

/// One type of event.
#[derive(Debug)]
pub struct Map {
    /// EVE's `event_type`.
    pub event: &'static str,
    /// The kind that its rows become.
    pub kind: Kind,
    /// Its fields, by their whole path.
    pub fields: &'static [(&'static str, To)],
    /// Fills what follows from other fields.
    pub derive: fn(&mut Event),
}

/// Where a value goes.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// Through a function.
    Put(Put),
    /// Into the record's field of this number.
    Field(usize),
    /// Nowhere, knowingly.
    Known,
    /// Nowhere: nobody has thought of it.
    Unknown,
}

use To::{Field, Known};

const fn put(put: Put) -> To {
    To::Put(put)
}

/// Every event that is read, in alphabetical order.
static MAPS: &[Map] = &[
    Map {
        event: "alert",
        kind: Kind::Weird,
        fields: &[
            ("alert.signature", Field("name")),
            ("alert.category", Field("addl")),
            ("alert.action", Known),
            ("alert.gid", Known),
            ("alert.signature_id", Known),
            ("alert.rev", Known),
            ("alert.rule", Known),
            ("alert.severity", Known),
        ],
        derive: derive::alert,
    },
    Map {
        event: "anomaly",
        kind: Kind::Weird,
        fields: &[
            ("anomaly.event", Field("name")),
            ("anomaly.layer", Field("addl")),
            ("anomaly.type", Field("source")),
            ("anomaly.app_proto", Field("addl")),
        ],
        derive: derive::nothing,
    },
    Map {
        event: "dns",
        kind: Kind::Dns,
        fields: &[
            ("dns.id", Field("trans_id")),
            ("dns.rrname", put(derive::query)),
            ("dns.rrtype", put(derive::query_type)),
            ("dns.queries.rrname", put(derive::query)),
            ("dns.queries.rrtype", put(derive::query_type)),
            ("dns.rcode", put(derive::rcode)),
            ("dns.flags", put(derive::dns_flags)),
            ("dns.aa", Field("AA")),
            ("dns.tc", Field("TC")),
            ("dns.rd", Field("RD")),
            ("dns.ra", Field("RA")),
            ("dns.z", Field("Z")),
            ("dns.opcode", Field("opcode")),
            ("dns.rdata", put(derive::answer)),
            ("dns.ttl", put(derive::ttl)),
            ("dns.answers", put(derive::next_answer)),
            ("dns.answers.rdata", put(derive::answer)),
            ("dns.answers.ttl", put(derive::ttl)),
            ("dns.answers.rrname", Known),
            ("dns.answers.rrtype", Known),
            ("dns.authorities.rdata", put(derive::authority)),
            ("dns.authorities.rrname", Known),
            ("dns.authorities.rrtype", Known),
            ("dns.authorities.ttl", Known),
            ("dns.authorities.soa.mname", put(derive::authority)),
            ("dns.additionals.rdata", put(derive::additional)),
            ("dns.additionals.rrname", Known),
            ("dns.additionals.rrtype", Known),
            ("dns.additionals.ttl", Known),
            ("dns.qr", Known),
            ("dns.type", Known),
            ("dns.version", Known),
            ("dns.tx_id", Known),
        ],
        derive: derive::dns,
    },
    Map {
        event: "flow",
        kind: Kind::Conn,
        fields: &[
            ("app_proto", put(derive::service)),
            ("app_proto_ts", Known),
            ("app_proto_tc", Known),
            ("app_proto_orig", put(derive::service)),
            ("app_proto_expected", Known),
            ("flow.pkts_toserver", Field("orig_pkts")),
            ("flow.pkts_toclient", Field("resp_pkts")),
            ("flow.start", put(derive::start)),
            ("flow.end", put(derive::end)),
            ("flow.age", Known),
            ("flow.alerted", Known),
            ("flow.reason", Known),
            ("flow.state", Known),
            ("tcp.tcp_flags", Known),
            ("tcp.tcp_flags_ts", put(derive::orig_flags)),
            ("tcp.tcp_flags_tc", put(derive::resp_flags)),
            ("tcp.syn", Known),
            ("tcp.fin", Known),
            ("tcp.rst", Known),
            ("tcp.psh", Known),
            ("tcp.ack", Known),
            ("tcp.ecn", Known),
            ("tcp.cwr", Known),
            ("tcp.urg", Known),
            ("tcp.state", Known),
            ("icmp_type", put(derive::icmp_type)),
            ("icmp_code", put(derive::icmp_code)),
        ],
        derive: derive::flow,
    },
    Map {
        event: "ftp",
        kind: Kind::Ftp,
        fields: &[
            ("ftp.command", Field("command")),
            ("ftp.command_data", Field("arg")),
            ("ftp.completion_code", put(derive::reply_code)),
            ("ftp.reply", put(derive::reply)),
            ("ftp.dynamic_port", Field("data_channel.resp_p")),
            ("ftp.mode", put(derive::mode)),
            ("ftp.reply_received", Known),
            ("ftp.command_truncated", Known),
            ("ftp.reply_truncated", Known),
        ],
        derive: derive::ftp,
    },
    Map {
        event: "http",
        kind: Kind::Http,
        fields: &[
            ("http.hostname", Field("host")),
            ("http.url", Field("uri")),
            ("http.http_user_agent", Field("user_agent")),
            ("http.http_refer", Field("referrer")),
            ("http.http_method", Field("method")),
            ("http.protocol", put(derive::http_version)),
            ("http.version", put(derive::http_version)),
            ("http.status", Field("status_code")),
            ("http.length", Field("response_body_len")),
            ("http.server", Field("server")),
            ("http.http_port", Known),
            ("tx_id", put(derive::depth)),
        ],
        derive: derive::nothing,
    },
    Map {
        event: "smtp",
        kind: Kind::Smtp,
        fields: &[
            ("smtp.helo", Field("helo")),
            ("smtp.mail_from", put(derive::mail_from)),
            ("smtp.rcpt_to", put(derive::rcpt_to)),
            ("email.from", Field("from")),
            ("email.to", Field("to")),
            ("email.cc", Field("cc")),
            ("email.subject", Field("subject")),
            ("email.message_id", Field("msg_id")),
            ("email.date", Field("date")),
            ("email.x_mailer", Field("user_agent")),
            ("email.user_agent", Field("user_agent")),
            ("email.status", Known),
            ("tx_id", put(derive::depth)),
        ],
        derive: derive::nothing,
    },
    Map {
        event: "ssh",
        kind: Kind::Ssh,
        fields: &[
            ("ssh.client.proto_version", put(derive::ssh_version)),
            ("ssh.server.proto_version", put(derive::ssh_version)),
            ("ssh.client.software_version", put(derive::ssh_client)),
            ("ssh.server.software_version", put(derive::ssh_server)),
            ("ssh.client.hassh.hash", Field("hassh")),
            ("ssh.server.hassh.hash", Field("hasshServer")),
            ("ssh.client.hassh.string", Known),
            ("ssh.server.hassh.string", Known),
        ],
        derive: derive::nothing,
    },
    Map {
        event: "tls",
        kind: Kind::Ssl,
        fields: &[
            ("tls.version", put(derive::tls_version)),
            ("tls.sni", Field("server_name")),
            ("tls.subject", put(derive::subject)),
            ("tls.issuerdn", put(derive::issuer)),
            ("tls.subjectaltname", Field("cert_names")),
            ("tls.session_resumed", Field("resumed")),
            ("tls.ja3.hash", Field("ja3")),
            ("tls.ja3s.hash", Field("ja3s")),
            ("tls.ja4", Field("ja4")),
            ("tls.client_alpns", Field("client_alpns")),
            ("tls.server_alpns", put(derive::next_protocol)),
            ("tls.ja3.string", Known),
            ("tls.ja3s.string", Known),
            ("tls.from_proto", Field("starttls")),
            // These make the certificate's own row.
            ("tls.serial", Known),
            ("tls.fingerprint", Known),
            ("tls.notbefore", Known),
            ("tls.notafter", Known),
        ],
        derive: derive::tls,
    },
];

/// What every event may have.
static COMMON: &[(&str, To)] = &[
    ("timestamp", put(|e, raw| set(&mut e.ts, raw, raw.time()))),
    ("flow_id", put(|e, raw| set(&mut e.flow.uid, raw, raw.text().map(Uid::Log)))),
    ("src_ip", put(|e, raw| set(&mut e.flow.orig.addr, raw, raw.addr()))),
    ("src_port", put(|e, raw| set(&mut e.flow.orig.port, raw, raw.port()))),
    ("dest_ip", put(|e, raw| set(&mut e.flow.resp.addr, raw, raw.addr()))),
    ("dest_port", put(|e, raw| set(&mut e.flow.resp.port, raw, raw.port()))),
    (
        "proto",
        put(|e, raw| {
            set(&mut e.flow.transport, raw, raw.text().and_then(|t| Transport::parse(&t)))
        }),
    ),
    (
        "community_id",
        put(|e, raw| {
            // Some pipelines write a mark in place of it.
            e.flow.community_id = raw.text().and_then(|t| CommunityId::parse(&t));
            true
        }),
    ),
    ("vlan", put(derive::vlan)),
    ("event_type", Known),
    ("in_iface", Known),
    ("ip_v", Known),
    ("pcap_cnt", Known),
    ("pcap_filename", Known),
    ("pkt_src", Known),
    ("tx_id", Known),
    ("host", Known),
    ("direction", Known),
];

/// Stores what was read of `raw`; false when it was something but could not be read.
pub(super) fn set<T>(slot: &mut Option<T>, raw: &Raw<'_>, read: Option<T>) -> bool {
    let ok = read.is_some() || raw.is_unset();
    if read.is_some() {
        *slot = read;
    }
    ok
}

/// The map of an event type; `None` for one that is not read.
pub fn of(event: &str) -> Option<&'static Map> {
    MAPS.iter().find(|map| map.event == event)
}

impl Map {
    /// Where the values of a path go.
    pub fn target(&self, path: &str) -> Target {
        let found = self.fields.iter().chain(COMMON).find(|(name, _)| *name == path);
        match found.map(|(_, to)| *to) {
            // Answers by type of record, for those who want no others.
            None if path.starts_with("dns.grouped.") => Target::Known,
            None => Target::Unknown,
            Some(Known) => Target::Known,
            Some(To::Put(put)) => Target::Put(put),
            Some(Field(name)) => {
                let n = self.kind.fields().iter().position(|f| f.name == name);
                n.map_or(Target::Unknown, Target::Field)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_the_table_is_one_of_its_record() {
        for map in MAPS {
            for (path, _) in map.fields {
                assert!(!matches!(map.target(path), Target::Unknown), "{} {path}", map.event);
            }
        }
        assert!(MAPS.is_sorted_by_key(|map| map.event));
    }
}
