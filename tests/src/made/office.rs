//! The ordinary traffic of an office: web sites, mail, updates, as background of every sample.

use super::{Cert, Ends, HOUR, World};
use serde_json::json;

/// Computers of the office.
pub const CLIENTS: [&str; 6] =
    ["10.20.0.11", "10.20.0.12", "10.20.0.13", "10.20.0.14", "10.20.0.15", "10.20.0.16"];
/// Authorities behind the certificates of web sites.
const ISSUERS: [&str; 5] = [
    "CN=R10,O=Let's Encrypt,C=US",
    "CN=WR2,O=Google Trust Services,C=US",
    "CN=DigiCert Global G2 TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US",
    "CN=Sectigo RSA Domain Validation Secure Server CA,O=Sectigo Limited,C=GB",
    "CN=Amazon RSA 2048 M03,O=Amazon,C=US",
];
/// Shapes of the hellos of two browsers.
const SHAPES: [&str; 2] =
    ["t13d1516h2_8daaf6152771_d8a2da3f94cd", "t13d1715h2_5b57614c22b0_3d5424432f57"];

/// A web site that people use.
#[derive(Debug, Clone)]
pub struct Site {
    name: String,
    address: String,
    ttl: u32,
    cert: Cert,
    is_old: bool,
}

impl World {
    /// Hours of people at work: each looks up, and reads, some of forty sites.
    pub fn office(&mut self, hours: f64) {
        let sites: Vec<Site> = (0..40).map(|i| self.site(i)).collect();
        for client in CLIENTS {
            let mut at = self.about(60.0);
            while at < hours * HOUR {
                let i = self.below(sites.len());
                if let Some(site) = sites.get(i) {
                    self.visit(at, client, site);
                }
                let pause = if self.below(4) == 0 { 900.0 } else { 90.0 };
                at += self.about(pause);
            }
        }
    }

    fn site(&mut self, i: usize) -> Site {
        const ENDS: [&str; 6] = ["com", "org", "net", "de", "co.uk", "io"];
        const TTLS: [u32; 5] = [60, 300, 300, 3600, 14_400];
        let word = self.word(3);
        let owner = format!("{word}.{}", ENDS.get(i % 6).unwrap_or(&"com"));
        let name = if i.is_multiple_of(3) { owner.clone() } else { format!("www.{owner}") };
        let wild = format!("*.{owner}");
        let serial = self.hex(32).to_uppercase();
        let mut cert = Cert::public(&[&owner, &wild], serial);
        cert.issuer = (*ISSUERS.get(i % 5).unwrap_or(&"")).to_owned();
        Site {
            name,
            address: self.household(),
            ttl: *TTLS.get(i % 5).unwrap_or(&300),
            cert,
            is_old: i.is_multiple_of(4),
        }
    }

    fn visit(&mut self, at: f64, client: &str, site: &Site) {
        self.lookup(at, client, &site.name, &[(site.address.clone(), site.ttl)]);
        let ends = Ends { client, server: &site.address, port: 443 };
        let shape = SHAPES.get(usize::from(client.ends_with("16"))).copied().unwrap_or_default();
        let cert = Some(&site.cert).filter(|_| site.is_old);
        self.tls(at + 0.1, ends, Some(&site.name), cert, json!({ "ja4": shape }));
        let down = 4_000 + self.below(400_000) as u64;
        self.conn(at + 0.05, ends, "ssl", (900, down));
    }
}
