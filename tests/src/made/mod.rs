//! Made evidence: small worlds of hosts that look things up, connect and log in, as Zeek logs them.
//!
//! A world is an office with its ordinary traffic; a sample adds what it is about. Worlds draw from
//! a generator seeded by the sample's name, so each is the same in every run.

mod accounts;
mod alike;
mod between;
mod certificates;
mod crowds;
mod dns;
mod flux;
mod forms;
mod fronting;
mod labels;
mod office;
mod scans;

use crate::lcg::Lcg;
use crate::read::Input;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The moment at which worlds begin: 2025-03-11T08:00:00Z, a Tuesday.
pub const START: i64 = 1_741_680_000;
/// The office's resolver.
pub const RESOLVER: &str = "10.20.0.53";
/// Minutes and hours in seconds.
pub const MINUTE: f64 = 60.0;
/// See [`MINUTE`].
pub const HOUR: f64 = 3600.0;

/// Adds what a sample is about to a world.
pub type Build = fn(&mut World);

/// Every sample by its name.
pub fn samples() -> BTreeMap<&'static str, Build> {
    let all = [
        accounts::SAMPLES,
        alike::SAMPLES,
        between::SAMPLES,
        certificates::SAMPLES,
        crowds::SAMPLES,
        dns::SAMPLES,
        flux::SAMPLES,
        forms::SAMPLES,
        fronting::SAMPLES,
        labels::SAMPLES,
        scans::SAMPLES,
    ];
    all.into_iter().flatten().copied().collect()
}

/// The evidence of a sample, if there is one of this name.
pub fn sample(name: &str) -> Option<Vec<Input>> {
    let build = *samples().get(name)?;
    let mut world = World::new(name);
    build(&mut world);
    Some(world.inputs())
}

/// A certificate as a server shows it.
#[derive(Debug, Clone)]
pub struct Cert {
    /// Subject, as Zeek writes it.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hex.
    pub serial: String,
    /// Names it covers.
    pub names: Vec<String>,
    /// Days from its first day to the world's beginning.
    pub age: i64,
    /// Days of validity.
    pub days: i64,
}

/// The two ends of a connection, with ports.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The client.
    pub client: &'a str,
    /// The server.
    pub server: &'a str,
    /// The server's port.
    pub port: u16,
}

/// A made network and what its sensor wrote down.
#[derive(Debug)]
pub struct World {
    rng: Lcg,
    rows: Vec<(i64, u64, String)>,
    logs: Vec<Input>,
    n: u64,
}

impl World {
    /// The world of a sample.
    pub fn new(name: &str) -> Self {
        let fold = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, fold);
        Self { rng: Lcg::new(seed), rows: Vec::new(), logs: Vec::new(), n: 0 }
    }

    /// A number below `n`.
    pub const fn below(&mut self, n: usize) -> usize {
        self.rng.below(n)
    }

    /// One of several.
    pub fn one_of<T: Copy + Default>(&mut self, of: &[T]) -> T {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }

    /// `seconds`, give or take a tenth.
    pub fn about(&mut self, seconds: f64) -> f64 {
        seconds * (0.9 + self.below(201) as f64 / 1000.0)
    }

    /// An address of a household or a small company, each in a network of its own.
    pub fn household(&mut self) -> String {
        const FIRST: [u8; 16] =
            [24, 31, 46, 62, 77, 81, 85, 93, 109, 151, 178, 186, 190, 201, 212, 217];
        let first = FIRST.get(self.below(16)).copied().unwrap_or(24);
        format!("{first}.{}.{}.{}", self.below(256), self.below(256), 1 + self.below(254))
    }

    /// Lower-case hexadecimal characters.
    pub fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from_digit(self.below(16) as u32, 16).unwrap_or('0')).collect()
    }

    /// A word that can be spoken.
    pub fn word(&mut self, syllables: usize) -> String {
        const PARTS: [&str; 12] =
            ["ba", "ce", "di", "fo", "ga", "lu", "mi", "no", "pe", "ro", "sa", "ti"];
        (0..syllables).map(|_| PARTS.get(self.below(12)).copied().unwrap_or("ba")).collect()
    }

    /// Writes a row of a log, `at` seconds after the beginning; gives the connection's uid.
    pub fn row(&mut self, path: &str, at: f64, ends: Ends<'_>, fields: Value) -> String {
        self.n += 1;
        let uid = format!("C{:017}", self.n);
        self.row_of(&uid, path, at, ends, fields);
        uid
    }

    /// Writes a row of a connection that has rows already.
    pub fn row_of(&mut self, uid: &str, path: &str, at: f64, ends: Ends<'_>, fields: Value) {
        self.n += 1;
        let micros = START * 1_000_000 + (at * 1e6) as i64;
        let mut row = Map::new();
        row.insert("_path".into(), path.into());
        row.insert("ts".into(), json!(micros as f64 / 1e6));
        row.insert("uid".into(), uid.into());
        row.insert("id.orig_h".into(), ends.client.into());
        let orig_p =
            32_768 + uid.bytes().fold(self.n, |h, b| h.wrapping_mul(31) + u64::from(b)) % 28_000;
        row.insert("id.orig_p".into(), orig_p.into());
        row.insert("id.resp_h".into(), ends.server.into());
        row.insert("id.resp_p".into(), ends.port.into());
        if let Value::Object(fields) = fields {
            row.extend(fields);
        }
        self.rows.push((micros, self.n, Value::Object(row).to_string()));
    }

    /// Adds a file of its own.
    pub fn file(&mut self, name: &str, text: String) {
        self.logs.push(Input { name: name.into(), bytes: text.into_bytes() });
    }

    /// A question and its answer; the type follows from the answers.
    pub fn lookup(&mut self, at: f64, client: &str, name: &str, answers: &[(String, u32)]) {
        let qtype = if answers.iter().any(|a| a.0.contains(':')) { "AAAA" } else { "A" };
        self.ask(at, (client, RESOLVER), (name, qtype, "NOERROR"), answers, json!({}));
    }

    /// A question of any type to any server, with any answer and more fields.
    pub fn ask(
        &mut self,
        at: f64,
        (client, server): (&str, &str),
        (name, qtype, rcode): (&str, &str, &str),
        answers: &[(String, u32)],
        more: Value,
    ) {
        let number = match rcode {
            "NXDOMAIN" => 3,
            "SERVFAIL" => 2,
            _ => 0,
        };
        let mut fields = json!({
            "proto": "udp", "trans_id": self.below(65_536), "query": name, "qtype_name": qtype,
            "rcode": number, "rcode_name": rcode, "RD": true, "RA": true, "rejected": false,
        });
        if let (Value::Object(fields), false) = (&mut fields, answers.is_empty()) {
            fields.insert("answers".into(), answers.iter().map(|a| a.0.as_str()).collect());
            fields.insert("TTLs".into(), answers.iter().map(|a| f64::from(a.1)).collect());
        }
        if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
            fields.extend(more);
        }
        self.row("dns", at, Ends { client, server, port: 53 }, fields);
    }

    /// A connection that was answered.
    pub fn conn(&mut self, at: f64, ends: Ends<'_>, service: &str, bytes: (u64, u64)) {
        let is_udp = matches!(service, "ntp" | "dns");
        self.row(
            "conn",
            at,
            ends,
            json!({
                "proto": if is_udp { "udp" } else { "tcp" }, "service": service, "conn_state": "SF",
                "history": if is_udp { "Dd" } else { "ShADadFf" }, "duration": 0.8,
                "orig_bytes": bytes.0, "resp_bytes": bytes.1, "missed_bytes": 0,
                "orig_pkts": 4 + bytes.0 / 1400, "orig_ip_bytes": bytes.0 + 220,
                "resp_pkts": 4 + bytes.1 / 1400, "resp_ip_bytes": bytes.1 + 220,
            }),
        );
    }

    /// A handshake. With a certificate it is of TLS 1.2, without one of TLS 1.3, which hides it.
    pub fn tls(
        &mut self,
        at: f64,
        ends: Ends<'_>,
        sni: Option<&str>,
        cert: Option<&Cert>,
        more: Value,
    ) -> String {
        let mut fields = json!({
            "version": if cert.is_some() { "TLSv12" } else { "TLSv13" },
            "resumed": false, "established": true,
        });
        let Value::Object(all) = &mut fields else { return String::new() };
        if let Some(sni) = sni {
            all.insert("server_name".into(), sni.into());
        }
        if let Some(cert) = cert {
            all.insert("cert_chain_fps".into(), json!([cert.fingerprint()]));
        }
        if let Value::Object(more) = more {
            all.extend(more);
        }
        if let Some(cert) = cert {
            self.certificate(at, ends, cert);
        }
        self.row("ssl", at, ends, fields)
    }

    /// The row of a certificate that a server showed.
    pub fn certificate(&mut self, at: f64, ends: Ends<'_>, cert: &Cert) {
        let from = START - cert.age * 86_400;
        self.row(
            "x509",
            at,
            ends,
            json!({
                "fingerprint": cert.fingerprint(), "certificate.version": 3,
                "certificate.serial": cert.serial, "certificate.subject": cert.subject,
                "certificate.issuer": cert.issuer, "certificate.not_valid_before": from,
                "certificate.not_valid_after": from + cert.days * 86_400 - 1,
                "certificate.key_alg": "rsaEncryption", "certificate.key_type": "rsa",
                "certificate.key_length": 2048, "certificate.sig_alg": "sha256WithRSAEncryption",
                "san.dns": cert.names, "host_cert": true, "client_cert": false,
            }),
        );
    }

    /// The files that the sensor wrote.
    pub fn inputs(mut self) -> Vec<Input> {
        self.rows.sort();
        let text: String = self.rows.iter().map(|r| format!("{}\n", r.2)).collect();
        if !text.is_empty() {
            self.file("sensor.json", text);
        }
        self.logs
    }
}

impl Cert {
    /// A certificate for these names, by a public authority, as most are: 90 days, 30 of them gone.
    pub fn public(names: &[&str], serial: String) -> Self {
        Self {
            subject: format!("CN={}", names.first().unwrap_or(&"")),
            issuer: "CN=R10,O=Let's Encrypt,C=US".into(),
            serial,
            names: names.iter().map(|n| (*n).to_owned()).collect(),
            age: 30,
            days: 90,
        }
    }

    /// A stand-in for its SHA-256: different for different certificates.
    fn fingerprint(&self) -> String {
        let text = format!("{self:?}");
        let fold = |h: u64, b: u8| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        let parts = (0u64..4).map(|i| text.bytes().fold(0xcbf2_9ce4_8422_2325 ^ i, fold));
        parts.map(|p| format!("{p:016x}")).collect()
    }
}
